"""renew_subscriptions: keeps providers sending notices of changes; one run per mailbox or calendar."""

from __future__ import annotations

from django.utils import timezone

from ingestion.push.renewing import ending_soon, places_without, subscription_to
from ingestion.tasks.renew_subscription import renew_subscription
from jobs import Retry, current_run, every, job


@job(queue="email", schedule=every(hours=6), retry=Retry(3))
def renew_subscriptions() -> dict[str, int]:
    """Ask for notices where none were asked for, and prolong what ends within a day; returns {new, subscriptions}.

    Does nothing while neither GOOGLE_PUSH_TOPIC nor PUSH_URL is set.
    """
    made = [subscription_to(place).pk for place in places_without()]
    ending = ending_soon(timezone.now()).values_list("pk", "owner_id").iterator()
    children = ({"subscription_id": pk, "user_id": owner_id} for pk, owner_id in ending)
    return {"new": len(made), "subscriptions": len(current_run().spawn(renew_subscription, children, owner="user_id"))}
