"""complete_exchanges: matched exchanges whose day has passed are completed, each in its own transaction."""

from __future__ import annotations

from django.utils import timezone

from jobs import Concurrency, Retry, crontab, job
from notifications.exchanges.lifecycle import complete_if_over
from notifications.exchanges.states import ExchangeState
from notifications.iterating import each, going_on
from notifications.models import Exchange


@job(
    queue="notifications",
    schedule=crontab("0 0 * * *"),
    grace_seconds=86_400,
    retry=Retry(3),
    concurrency=Concurrency(1, key="complete_exchanges"),
)
def complete_exchanges() -> dict[str, int]:
    """Complete what is over and return {completed, not_yet, errors}; one that fails keeps no other."""
    counts = {"completed": 0, "not_yet": 0, "errors": 0}
    for exchange in each(Exchange.objects.filter(state=ExchangeState.MATCHED)):
        with going_on(counts, "exchange not completed", exchange_id=exchange.pk):
            counts["completed" if complete_if_over(exchange, now=timezone.now()) else "not_yet"] += 1
    return counts
