"""plan_reminders: moves, adds and cancels the future runs of all exchanges, whoever edited them and how."""

from __future__ import annotations

from collections import Counter

from django.utils import timezone

from jobs import Concurrency, Retry, every, job
from notifications.exchanges import reminding
from notifications.exchanges.states import ExchangeState
from notifications.iterating import each
from notifications.models import Exchange


@job(queue="notifications", schedule=every(hours=1), retry=Retry(3), concurrency=Concurrency(1, key="plan_reminders"))
def plan_reminders() -> dict[str, int]:
    """Make every exchange's future runs be those it should have; returns {enqueued, moved, cancelled}."""
    counts: Counter[str] = Counter(enqueued=0, moved=0, cancelled=0)
    for exchange in each(Exchange.objects.exclude(state=ExchangeState.PURGED)):
        counts.update(reminding.plan_reminders(exchange, now=timezone.now()))
    return dict(counts)
