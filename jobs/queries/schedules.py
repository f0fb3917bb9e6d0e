"""Schedules: what fires which job, for whom, when last and when next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from jobs.errors import DaybookError
from jobs.models import Run, SchedulePlan
from jobs.queries.schedule_settings import settings_of, shown_arguments
from jobs.schedule_words import rule_words, zone_words

OVERDUE = timedelta(seconds=60)


class NoSuchScheduleError(DaybookError):
    """No schedule has that name."""


@dataclass(frozen=True, kw_only=True)
class ScheduleDetails:
    """A schedule as it stands now; arguments masked, `next_fire_at` None while it is paused or will not fire.

    `lateness_seconds` is how long after its fire time the last run started, or how long a fire is overdue now.
    """

    name: str
    job: str
    enabled: bool
    paused_reason: str
    problem: str
    rule: str
    rule_text: str
    zone: str
    start_at: str | None
    end_at: str | None
    args: list[Any]
    kwargs: dict[str, Any]
    queue: str
    priority: int | None
    owner: str
    description: str
    next_fire_at: datetime | None
    last_fire_at: datetime | None
    last_run: str | None
    last_state: str
    lateness_seconds: float | None
    fires: int
    misfire: str
    grace_seconds: int
    overlap: str
    jitter_seconds: int
    failures_to_pause: int | None
    failures_in_row: int
    declared: bool


def all_schedules() -> list[ScheduleDetails]:
    """Return every schedule, by name."""
    return describe_schedules(schedules_with_rules().order_by("name"))


def schedules_of(user: AbstractBaseUser, *, job: str = "") -> QuerySet[PeriodicTask]:
    """Return the schedules that the user owns, by name; those of one job if it is given."""
    own = schedules_with_rules().filter(plan__owner=user).order_by("name")
    return own.filter(task=job) if job else own


def visible_schedules(user: AbstractBaseUser) -> QuerySet[PeriodicTask]:
    """Return the schedules that the user may see, by name: all for staff, else the user's own."""
    return schedules_with_rules().order_by("name") if getattr(user, "is_staff", False) else schedules_of(user)


def find_schedule(name: str) -> PeriodicTask:
    """Return the schedule of that name.

    Raises: NoSuchScheduleError
    """
    schedule = schedules_with_rules().filter(name=name).first()
    if schedule is None:
        raise NoSuchScheduleError(f"no schedule is called {name!r}; `jobs schedule list` shows them")
    return schedule


def schedule_with_id(pk: Any) -> PeriodicTask:
    """Return the schedule with that primary key.

    Raises: NoSuchScheduleError
    """
    try:
        return schedules_with_rules().get(pk=pk)
    except (PeriodicTask.DoesNotExist, ValueError, OverflowError):
        raise NoSuchScheduleError("there is no such schedule") from None


def describe_schedule(schedule: PeriodicTask) -> ScheduleDetails:
    """Return what there is to know about the schedule."""
    return describe_schedules([schedule])[0]


def describe_schedules(
    schedules: Iterable[PeriodicTask], *, last: Mapping[int, Run] | None = None
) -> list[ScheduleDetails]:
    """Return what there is to know about these schedules; as many statements for all as for one.

    `last` are their last runs, where they are known.
    """
    rows, now = list(schedules), timezone.now()
    if last is None:
        last = last_runs([row.pk for row in rows])
    return [_details(row, last.get(row.pk), now) for row in rows]


def last_runs(schedule_ids: list[int]) -> dict[int, Run]:
    """Return the run of each schedule's latest fire, or asked for by hand since; of those that have one."""
    of_schedule = Run.objects.filter(schedule=OuterRef("pk"), fire_at__isnull=False).order_by("-fire_at")
    found: dict[int, Any] = {}
    for start in range(0, len(schedule_ids), _BATCH):
        some = PeriodicTask.objects.filter(pk__in=schedule_ids[start : start + _BATCH])
        ids = some.values_list("pk", Subquery(of_schedule.values("pk")[:1]))
        found |= {pk: run_id for pk, run_id in ids if run_id is not None}
    runs = _in_bulk(found)
    return {pk: runs[run_id] for pk, run_id in found.items() if run_id in runs}


def overdue_seconds(schedule: PeriodicTask, *, now: datetime) -> float | None:
    """Return how long ago the schedule should have fired and didn't; None when it isn't noticeably late."""
    plan = getattr(schedule, "plan", None)
    if not schedule.enabled or plan is None or plan.next_fire_at is None or now - plan.next_fire_at < OVERDUE:
        return None
    return float((now - plan.next_fire_at).total_seconds())


def lateness_seconds(schedule: PeriodicTask, last: Run | None, *, now: datetime) -> float | None:
    """Return how long a fire is overdue now, else how long after its fire time the last run started."""
    if (overdue := overdue_seconds(schedule, now=now)) is not None:
        return overdue
    if last is None or last.fire_at is None or last.started_at is None:
        return None
    return max(0.0, (last.started_at - last.fire_at).total_seconds())


@dataclass(frozen=True)
class NextFire:
    """A schedule and when it fires next."""

    schedule: PeriodicTask
    next_fire_at: datetime


def next_schedules(*, limit: int) -> list[NextFire]:
    """Return the schedules that fire next, the earliest first."""
    plans = SchedulePlan.objects.filter(schedule__enabled=True, next_fire_at__isnull=False).select_related("schedule")
    found = plans.order_by("next_fire_at")[:limit]
    return [NextFire(plan.schedule, plan.next_fire_at) for plan in found if plan.next_fire_at]


def schedules_with_rules() -> QuerySet[PeriodicTask]:
    """Return the schedules with everything their description needs, in one statement."""
    found: QuerySet[PeriodicTask] = PeriodicTask.objects.select_related(
        "interval", "crontab", "solar", "clocked", "plan", "plan__owner"
    )
    return found


_BATCH = 5000


def _in_bulk(found: Mapping[int, Any]) -> dict[Any, Run]:
    ids = list(found.values())
    runs: dict[Any, Run] = {}
    for start in range(0, len(ids), _BATCH):
        some = Run.objects.filter(pk__in=ids[start : start + _BATCH])
        runs |= {run.pk: run for run in some.only("state", "fire_at", "started_at", "finished_at", "created_at")}
    return runs


def _details(schedule: PeriodicTask, last: Run | None, now: datetime) -> ScheduleDetails:
    plan, known = getattr(schedule, "plan", None), settings_of(schedule)
    args, kwargs = shown_arguments(schedule)
    return ScheduleDetails(
        name=schedule.name,
        job=schedule.task,
        enabled=schedule.enabled,
        paused_reason=plan.paused_reason if plan and not schedule.enabled else "",
        problem=plan.problem if plan else "",
        rule=rule_words(schedule),
        rule_text=known.rule,
        zone=zone_words(schedule),
        start_at=known.start_at,
        end_at=known.end_at,
        args=args,
        kwargs=kwargs,
        queue=known.queue,
        priority=known.priority,
        owner=known.owner,
        description=known.description,
        next_fire_at=plan.next_fire_at if plan and schedule.enabled else None,
        last_fire_at=plan.last_fire_at if plan else schedule.last_run_at,
        last_run=str(last.pk) if last else None,
        last_state=last.state if last else "",
        lateness_seconds=lateness_seconds(schedule, last, now=now),
        fires=schedule.total_run_count,
        misfire=known.misfire,
        grace_seconds=known.grace_seconds,
        overlap=known.overlap,
        jitter_seconds=known.jitter_seconds,
        failures_to_pause=known.failures_to_pause,
        failures_in_row=plan.failures_in_row if plan else 0,
        declared=bool(plan and plan.declared),
    )
