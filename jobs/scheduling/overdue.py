"""Schedules whose fire time has passed without a fire, and what keeps each of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs.models import ScheduleEdit, SchedulePlan, Worker

SHOWN = 5
PATIENCE = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Overdue:
    """A schedule that should have fired, since when, and why it has not."""

    name: str
    fire_at: datetime
    why: str


def overdue_schedules(*, now: datetime, limit: int = SHOWN) -> list[Overdue]:
    """Return the schedules that have been due for more than a moment, longest first."""
    late = SchedulePlan.objects.filter(schedule__enabled=True, next_fire_at__lt=now - PATIENCE)
    plans = list(late.select_related("schedule").order_by("next_fire_at")[:limit])
    if not plans:
        return []
    edited = set(
        ScheduleEdit.objects.filter(schedule_id__in=[plan.pk for plan in plans]).values_list("schedule_id", flat=True)
    )
    beat = _beat(now)
    return [
        Overdue(plan.schedule.name, plan.next_fire_at, beat or (_EDITED if plan.pk in edited else _HELD))
        for plan in plans
        if plan.next_fire_at
    ]


_EDITED = "it was edited and has not been planned yet"
_HELD = "its row is locked by an edit under way, or beat has more due than it can fire at once"


def _beat(now: datetime) -> str:
    beats = list(Worker.objects.reporting(Worker.Kind.BEAT, now=now))
    if not beats:
        return "no beat reports"
    lag = min(beat.lag_seconds for beat in beats)
    return f"beat is late by {lag:.0f} s" if lag > PATIENCE.total_seconds() else ""
