"""threema_polling: registration tokens that came in at the Threema gateway activate their user's integration."""

from __future__ import annotations

from django.utils import timezone

from jobs import Concurrency, Retry, every, job
from notifications.conf import conf
from notifications.iterating import going_on
from notifications.threema.gateway import open_gateway
from notifications.threema.registering import Outcome, activate


@job(
    queue="notifications", schedule=every(minutes=1), retry=Retry(3), concurrency=Concurrency(1, key="threema_polling")
)
def threema_polling() -> dict[str, int]:
    """Activate, tell the gateway, and return {activated, already, expired, unknown, errors}; without a gateway nothing.

    A run killed between the two finds the token again and the integration active: nothing is lost or done twice.
    """
    counts = {**{str(outcome): 0 for outcome in Outcome}, "errors": 0}
    if not conf().threema_gateway_url:
        return counts
    with open_gateway() as gateway:
        # A list: what is settled while pages are read would shift those behind it.
        for registration in list(gateway.pending()):
            with going_on(counts, "registration not settled", registration=registration.id):
                outcome = activate(registration.token, registration.threema_id, now=timezone.now())
                gateway.settle(registration, outcome)
                counts[outcome] += 1
    return counts
