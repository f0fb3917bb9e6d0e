"""purge_exchanges: completed exchanges lose their people after 30 days; their organisers are warned 7 days before."""

from __future__ import annotations

from django.utils import timezone

from jobs import Concurrency, Retry, crontab, job
from notifications.exchanges.lifecycle import purge_if_due, warn_if_due
from notifications.exchanges.states import ExchangeState
from notifications.iterating import each, going_on
from notifications.models import Exchange


@job(
    queue="maintenance",
    schedule=crontab("0 2 * * *"),
    grace_seconds=86_400,
    retry=Retry(3),
    concurrency=Concurrency(1, key="purge_exchanges"),
)
def purge_exchanges() -> dict[str, int]:
    """Warn and purge, each exchange in its own transaction, and return {purged, warned, errors}."""
    counts = {"purged": 0, "warned": 0, "errors": 0}
    for exchange in each(Exchange.objects.filter(state=ExchangeState.COMPLETED)):
        now = timezone.now()
        with going_on(counts, "exchange not purged", exchange_id=exchange.pk):
            if purge_if_due(exchange, now=now):
                counts["purged"] += 1
            elif warn_if_due(exchange, now=now):
                counts["warned"] += 1
    return counts
