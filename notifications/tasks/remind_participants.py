"""remind_participants: a future run per exchange and interval, at the exchange's wall-clock time."""

from __future__ import annotations

from django.utils import timezone

from jobs import Retry, job
from notifications.exchanges.reminding import remind


@job(queue="notifications", retry=Retry(3, wait=4, max_wait=60))
def remind_participants(*, exchange_id: int, days: int) -> dict[str, int]:
    """Remind the exchange's participants that `days` are left; returns counts, empty when it is not time any more."""
    return remind(exchange_id, days, now=timezone.now())
