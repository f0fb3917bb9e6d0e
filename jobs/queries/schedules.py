"""Schedules: what fires which job, when next, and the fires after that."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from jobs.errors import DaybookError
from jobs.schedule_words import rule_words, zone_words
from jobs.scheduling.clock import next_fire
from jobs.scheduling.rules import rule_of
from jobs.wire import masked


class NoSuchScheduleError(DaybookError):
    """No schedule has that name."""


@dataclass(frozen=True, kw_only=True)
class ScheduleDetails:
    """A schedule as it stands now; arguments masked, `next_fire_at` None while it is paused or will not fire."""

    name: str
    job: str
    enabled: bool
    rule: str
    zone: str
    args: list[Any]
    kwargs: dict[str, Any]
    queue: str
    owner: str
    next_fire_at: datetime | None
    last_fire_at: datetime | None
    fires: int
    grace_seconds: int | None
    declared: bool


def all_schedules() -> list[ScheduleDetails]:
    """Return every schedule, by name."""
    return [describe_schedule(schedule) for schedule in _schedules().order_by("name")]


def find_schedule(name: str) -> PeriodicTask:
    """Return the schedule of that name.

    Raises: NoSuchScheduleError
    """
    schedule = _schedules().filter(name=name).first()
    if schedule is None:
        raise NoSuchScheduleError(f"no schedule is called {name!r}; `jobs schedule list` shows them")
    return schedule


def describe_schedule(schedule: PeriodicTask) -> ScheduleDetails:
    """Return what there is to know about the schedule."""
    plan = getattr(schedule, "plan", None)
    return ScheduleDetails(
        name=schedule.name,
        job=schedule.task,
        enabled=schedule.enabled,
        rule=rule_words(schedule),
        zone=zone_words(schedule),
        args=masked(_json(schedule.args, [])),
        kwargs=masked(_json(schedule.kwargs, {})),
        queue=schedule.queue or "",
        owner=str(plan.owner or "") if plan else "",
        next_fire_at=plan.next_fire_at if plan and schedule.enabled else None,
        last_fire_at=plan.last_fire_at if plan else schedule.last_run_at,
        fires=schedule.total_run_count,
        grace_seconds=plan.grace_seconds if plan else None,
        declared=bool(plan and plan.declared),
    )


def preview(schedule: PeriodicTask, *, count: int, now: datetime | None = None) -> list[datetime]:
    """Return the next fire times that the rule gives, at most `count`; a paused schedule's as if it were resumed.

    Raises: RuleError when the rule can't be read.
    """
    now, rule = now or timezone.now(), rule_of(schedule)
    plan = getattr(schedule, "plan", None)
    planned = plan.next_fire_at if plan and plan.rule == rule and schedule.enabled else None
    anchor = planned or now
    fire = planned or next_fire(rule, after=now, anchor=anchor)
    fires: list[datetime] = []
    while fire is not None and len(fires) < count:
        fires.append(fire)
        fire = next_fire(rule, after=fire, anchor=anchor)
    return fires


def _schedules() -> QuerySet[PeriodicTask]:
    found: QuerySet[PeriodicTask] = PeriodicTask.objects.select_related(
        "interval", "crontab", "solar", "clocked", "plan", "plan__owner"
    )
    return found


def _json(text: str, empty: Any) -> Any:
    try:
        return json.loads(text or "null") or empty
    except ValueError:
        return empty
