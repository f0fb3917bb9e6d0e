"""Fire times that a rule gives: those to come, with the days the clocks change, and those past that have no run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from jobs.conf import conf
from jobs.errors import RefusedError
from jobs.models import Run, SchedulePlan
from jobs.phrases import duration_words
from jobs.schedule_words import zone_words
from jobs.scheduling import clock
from jobs.scheduling.rules import end_of, rule_of
from jobs.states import State

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class Fire:
    """A fire time in its schedule's zone; `note` says when the clocks change on that day."""

    at: datetime
    local: datetime
    note: str


@dataclass(frozen=True, kw_only=True)
class Backfill:
    """Past fire times: those without a run, oldest first, and how many have one."""

    fires: list[datetime]
    done: int


def preview(schedule: PeriodicTask, *, count: int, now: datetime | None = None) -> list[datetime]:
    """Return the next fire times that the rule gives, at most `count`; a paused schedule's as if it were resumed.

    Raises: RuleError when the rule can't be read.
    """
    now, rule = now or timezone.now(), rule_of(schedule)
    plan = getattr(schedule, "plan", None) or SchedulePlan()
    planned = plan.next_fire_at if plan.rule == rule and schedule.enabled else None
    if planned is None:
        fires = clock.next_fires(rule, after=now, anchor=now, count=count)
    else:
        fires = clock.next_fires(rule, after=planned - _TICK, anchor=planned, count=count)
    end = end_of(schedule, plan)
    return [fire for fire in fires if end is None or fire <= end]


def shown_fires(schedule: PeriodicTask, *, count: int, now: datetime | None = None) -> list[Fire]:
    """Return the next fire times in the schedule's zone.

    Raises: RuleError when the rule can't be read.
    """
    zone = ZoneInfo(zone_words(schedule) or "UTC")
    return [
        Fire(at=fire, local=fire.astimezone(zone), note=clock_change(fire, zone))
        for fire in preview(schedule, count=count, now=now)
    ]


def clock_change(at: datetime, zone: ZoneInfo) -> str:
    """Return how the clocks of the zone change on the local day of `at`; empty when they don't."""
    day = at.astimezone(zone).date()
    before, after = (
        datetime.combine(each, time(), zone).utcoffset() or timedelta() for each in (day, day + timedelta(days=1))
    )
    if before == after:
        return ""
    return f"clocks go {'forward' if after > before else 'back'} {duration_words(abs(after - before).total_seconds())}"


def backfill_of(schedule: PeriodicTask, *, first: datetime, until: datetime) -> Backfill:
    """Return the fire times from `first` to `until`, both included, and which of them have no run.

    One that was MISSED or SKIPPED has none.

    Raises: RefusedError for a range that isn't past, or holds too many; RuleError.
    """
    if until > timezone.now() or first > until:
        raise RefusedError("a backfill goes from an earlier time to a later one, both past")
    most, rule = conf().backfill_most, rule_of(schedule)
    fires: list[datetime] = []
    begin = clock.next_fire(rule, after=first - _TICK, anchor=_anchor(schedule, rule, first)) if rule else None
    if begin is not None:
        fires = list(islice(clock.fires_between(rule, first=begin, until=until, anchor=begin), most + 1))
    if len(fires) > most:
        raise RefusedError(f"more than {most} fire times from {first:%F %T} to {until:%F %T}; take a shorter range")
    taken = Run.objects.filter(schedule_id=schedule.pk, fire_at__gte=first, fire_at__lte=until)
    has_run = set(taken.exclude(state__in=[State.MISSED, State.SKIPPED]).values_list("fire_at", flat=True))
    open_fires = [fire for fire in fires if fire not in has_run]
    return Backfill(fires=open_fires, done=len(fires) - len(open_fires))


def _anchor(schedule: PeriodicTask, rule: str, first: datetime) -> datetime:
    """Return a time before `first` in the phase of the schedule's interval."""
    plan = getattr(schedule, "plan", None) or SchedulePlan()
    phase = plan.phase_at or plan.next_fire_at or plan.last_fire_at or first
    kind, _, text = rule.partition(" from ")[0].partition(" ")
    if kind != "every" or phase < first:
        return min(phase, first - _TICK)
    period = timedelta(seconds=float(text))
    return phase - period * ((phase - first) // period + 1)
