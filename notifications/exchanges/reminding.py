"""Reminders of an exchange: future runs that follow its date, zone, intervals and state; each interval reminds once."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from jobs import registry
from jobs.context import active_run
from notifications.channels import EMAIL
from notifications.composing.exchange import reminder_of
from notifications.exchanges.calendar import GRACE, is_time_for, reminder_times
from notifications.future_runs import keep_runs
from notifications.models import Delivery, Exchange, ExchangeReminder, Participant

JOB = "remind_participants"


def plan_reminders(exchange: Exchange, *, now: datetime) -> dict[str, int]:
    """Make the future runs of an exchange's reminders be those it should have; returns {enqueued, moved, cancelled}."""
    done = exchange.reminders.values_list("days", flat=True)
    prefix = f"{JOB}:{exchange.pk}:"
    wanted = {
        f"{prefix}{days}": (at, {"exchange_id": exchange.pk, "days": days})
        for days, at in reminder_times(exchange.dates, now=now, done=done).items()
    }
    return keep_runs(registry.find(JOB), wanted, prefix=prefix, grace=GRACE, now=now)


def remind(exchange_id: int, days: int, *, now: datetime) -> dict[str, int]:
    """Write to everybody who takes part and wants reminders, if it is time, once ever; returns counts by participant.

    Empty when it is not time: the exchange was changed meanwhile, or has reminded of this interval before.
    """
    with transaction.atomic():
        exchange = Exchange.objects.select_for_update().filter(pk=exchange_id).first()
        if exchange is None or not is_time_for(exchange.dates, days, now=now):
            return {}
        run = active_run()
        made, is_first = ExchangeReminder.objects.get_or_create(
            exchange=exchange, days=days, defaults={"sent_at": now, "run_id": run.id if run else None}
        )
        if not is_first:
            return {}
        counts = {"reminded": 0, "opted_out": 0, "withdrawn": 0}
        for participant in exchange.participants.order_by("pk"):
            counts[_remind(exchange, participant, days, now)] += 1
        made.counts = counts
        made.save(update_fields=["counts"])
    return counts


def _remind(exchange: Exchange, participant: Participant, days: int, now: datetime) -> str:
    if participant.withdrawn_at is not None:
        return "withdrawn"
    if not participant.wants_reminders:
        return "opted_out"
    notice = reminder_of(exchange, participant, days=days)
    Delivery.objects.create(
        channel=EMAIL,
        address=participant.address,
        title=notice.title,
        body=notice.body,
        language=participant.language or exchange.language,
        key=f"exchange:{exchange.pk}:reminder:{days}:{participant.pk}",
        next_attempt_at=now,
    )
    return "reminded"
