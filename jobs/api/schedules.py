"""Schedules: looked at, added, edited, removed, paused, resumed, run now; users their own, staff all."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django_celery_beat.models import PeriodicTask
from ninja import Path, Router, Schema, Status
from pydantic import Field

from jobs import operations, queries
from jobs.api.idempotency import PARAMETER
from jobs.api.principal import Principal, asking, once
from jobs.api.problems import ProblemError
from jobs.api.shapes import Changed, Listing, RunValues, answers
from jobs.models.run import Cause
from jobs.models.token import Scope
from jobs.operations import Asker
from jobs.queries import ScheduleDetails
from jobs.representation import run_values

router = Router(tags=["schedules"])
_IDEMPOTENT = {"parameters": [PARAMETER]}
ADD, CHANGE, DELETE = (f"django_celery_beat.{verb}_periodictask" for verb in ("add", "change", "delete"))
_OF_A_USER = re.compile(r"(?:daily|weekly (?P<weekday>mon|tue|wed|thu|fri|sat|sun)) (?P<hour>\d\d):(?P<minute>\d\d)")
Id = Annotated[int, Field(ge=1, le=2**31 - 1)]
Text = Annotated[str, Field(max_length=200)]
Seconds = Annotated[int, Field(ge=0, le=2**31 - 1)]


class ScheduleValues(Schema):
    """A schedule and what becomes of it."""

    id: int
    schedule: ScheduleDetails


class Settings(Schema):  # type: ignore[no-redef]  # the mypy plugin of pydantic takes a field for **kwargs
    """What people decide about a schedule; what is left out keeps its value, or the default."""

    name: Text = ""
    job: Text = ""
    rule: Text = Field(
        "", description="`every 5 minutes`, `daily 07:30`, `weekly mon 07:30` or a crontab's five fields."
    )
    zone: Text = "UTC"
    start_at: Text | None = None
    end_at: Text | None = None
    enabled: bool = True
    one_off: bool = False
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    queue: Text = ""
    priority: Annotated[int, Field(ge=0, le=9)] | None = None
    expires_at: Text | None = None
    expire_seconds: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    description: Annotated[str, Field(max_length=2000)] = ""
    owner: Text = ""
    misfire: Text = "coalesce"
    grace_seconds: Seconds = 300
    overlap: Text = "allow"
    jitter_seconds: Seconds = 0
    failures_to_pause: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None


class Fires(Schema):
    """When the schedule fires next."""

    items: list[datetime]


@router.get("/schedules", response=answers(Listing[ScheduleValues]))
def list_schedules(request: HttpRequest) -> Any:
    """List the schedules by name: a user's own, or all for staff."""
    who = asking(request, Scope.READ)
    rows = list(queries.visible_schedules(who.user))
    told = queries.describe_schedules(rows)
    return {"items": [{"id": row.pk, "schedule": each} for row, each in zip(rows, told, strict=True)]}


@router.post("/schedules", response=answers(ScheduleValues, status=201), openapi_extra=_IDEMPOTENT)
@once
def add(request: HttpRequest, wanted: Settings) -> Any:
    """Add a schedule; users may add daily and weekly ones of the jobs that are open to them, for themselves."""
    who = asking(request, Scope.OPERATE)
    if who.user.is_staff:
        check_permission(who, ADD)
        schedule = operations.add_schedule(wanted.dict(exclude_unset=True), by=asker_of(who))
    else:
        schedule = _add_for_user(who, wanted)
    return Status(201, schedule_values(schedule))


@router.get("/schedules/{schedule_id}", response=answers(ScheduleValues))
def show(request: HttpRequest, schedule_id: Path[Id]) -> Any:
    """Show one schedule."""
    return schedule_values(_visible(asking(request, Scope.READ), schedule_id))


@router.patch("/schedules/{schedule_id}", response=answers(ScheduleValues))
def edit(request: HttpRequest, schedule_id: Path[Id], changes: Settings) -> Any:
    """Change the settings that are given, and leave the others."""
    who, schedule = operable_schedule(request, schedule_id, CHANGE)
    operations.edit_schedule(schedule, changes.dict(exclude_unset=True), by=asker_of(who))
    return schedule_values(queries.schedule_with_id(schedule_id))


@router.delete("/schedules/{schedule_id}", response=answers(Changed))
def remove(request: HttpRequest, schedule_id: Path[Id]) -> Any:
    """Delete a schedule; its runs and its history stay."""
    who, schedule = operable_schedule(request, schedule_id, DELETE)
    return {"changed": bool(operations.remove_schedules([schedule], by=asker_of(who)))}


@router.post("/schedules/{schedule_id}/pause", response=answers(Changed), openapi_extra=_IDEMPOTENT)
@once
def pause(request: HttpRequest, schedule_id: Path[Id]) -> Any:
    """Make the schedule fire no more until resumed."""
    who, schedule = operable_schedule(request, schedule_id, CHANGE)
    return {"changed": operations.pause_schedule(schedule, by=asker_of(who))}


@router.post("/schedules/{schedule_id}/resume", response=answers(Changed), openapi_extra=_IDEMPOTENT)
@once
def resume(request: HttpRequest, schedule_id: Path[Id]) -> Any:
    """Make a paused schedule fire again, from now on."""
    who, schedule = operable_schedule(request, schedule_id, CHANGE)
    return {"changed": operations.resume_schedule(schedule, by=asker_of(who))}


@router.post("/schedules/{schedule_id}/run-now", response=answers(RunValues, status=202), openapi_extra=_IDEMPOTENT)
@once
def run_now(request: HttpRequest, schedule_id: Path[Id]) -> Any:
    """Enqueue one run as the schedule would; its fire times stay as they are."""
    who, schedule = operable_schedule(request, schedule_id, CHANGE)
    return Status(202, run_values(operations.run_schedule_now(schedule, by=asker_of(who))))


@router.get("/schedules/{schedule_id}/preview", response=answers(Fires))
def preview(request: HttpRequest, schedule_id: Path[Id], count: Annotated[int, Field(ge=1, le=100)] = 5) -> Any:
    """Tell the next fire times; a paused schedule's as if it were resumed."""
    schedule = _visible(asking(request, Scope.READ), schedule_id)
    return {"items": queries.preview(schedule, count=count)}


def asker_of(who: Principal) -> Asker:
    """Return who asks as operations know them."""
    return Asker(cause=Cause.API, user=who.user)


def schedule_values(schedule: PeriodicTask) -> dict[str, Any]:
    """Return the schedule as it is answered."""
    return {"id": schedule.pk, "schedule": asdict(queries.describe_schedule(schedule))}


def _visible(who: Principal, schedule_id: int) -> PeriodicTask:
    schedule = queries.visible_schedules(who.user).filter(pk=schedule_id).first()
    if schedule is None:
        raise queries.NoSuchScheduleError("there is no such schedule")
    return schedule


def operable_schedule(request: HttpRequest, schedule_id: int, permission: str) -> tuple[Principal, PeriodicTask]:
    """Return who asks and the schedule, if they may change it: their own, or anybody's with the permission.

    Raises: NoSuchScheduleError; ProblemError (403).
    """
    who = asking(request, Scope.OPERATE)
    schedule = _visible(who, schedule_id)
    if getattr(getattr(schedule, "plan", None), "owner_id", None) != who.user.pk:
        check_permission(who, permission)
    return who, schedule


def check_permission(who: Principal, permission: str) -> None:
    """Raise ProblemError (403) when they lack the permission."""
    if not who.user.has_perm(permission):
        raise ProblemError(403, f"You lack the permission {permission}.")


def _add_for_user(who: Principal, wanted: Settings) -> PeriodicTask:
    rule = _OF_A_USER.fullmatch(wanted.rule.strip().lower())
    if rule is None:
        raise ProblemError(422, "A user's schedule is daily or weekly: `daily 07:30`, `weekly mon 07:30`.")
    return operations.schedule_for_user(
        who.user,
        job=wanted.job,
        hour=int(rule["hour"]),
        minute=int(rule["minute"]),
        weekday=rule["weekday"] or "",
        zone=wanted.zone if "zone" in wanted.model_fields_set else "",
        kwargs=wanted.kwargs,
        name=wanted.name,
        by=asker_of(who),
    )
