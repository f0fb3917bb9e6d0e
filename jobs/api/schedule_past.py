"""What was changed about schedules, taken back, copied, declared, or not run, after all."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Router, Schema, Status
from pydantic import Field

from jobs import operations, queries
from jobs.api.idempotency import PARAMETER
from jobs.api.principal import once, staff_asking
from jobs.api.schedules import (
    ADD,
    CHANGE,
    Id,
    ScheduleValues,
    asker_of,
    check_permission,
    operable_schedule,
    schedule_values,
)
from jobs.api.shapes import Count, Limit, Listing, Time, answers
from jobs.models.token import Scope
from jobs.queries import ShownChange

router = Router(tags=["schedules"])
_IDEMPOTENT = {"parameters": [PARAMETER]}


class Backfill(Schema):
    """Which past fire times, and how many runs who asks has agreed to."""

    first: Time
    until: Time
    confirmed: Annotated[int, Field(ge=0)] = Field(description="Another number than there are is refused (409).")


class Created(Schema):
    """The names of the schedules that were created."""

    created: list[str]


@router.get("/schedule-changes", response=answers(Listing[ShownChange]))
def list_changes(request: HttpRequest, name: Annotated[str, Field(max_length=200)] = "", limit: Limit = 20) -> Any:
    """List who changed what about schedules, newest first; with `name` only that one's, under any name it had."""
    staff_asking(request, Scope.READ)
    return {"items": queries.changes(name=name, limit=limit)}


@router.post("/schedule-changes/{change_id}/revert", response=answers(ScheduleValues), openapi_extra=_IDEMPOTENT)
@once
def revert(request: HttpRequest, change_id: Path[Id]) -> Any:
    """Take one change back: what it changed goes to how it was, all else stays. A removed schedule returns."""
    who = staff_asking(request, Scope.OPERATE, CHANGE)
    return schedule_values(operations.revert_change(queries.find_change(change_id), by=asker_of(who)))


@router.post("/declared-schedules/sync", response=answers(Created), openapi_extra=_IDEMPOTENT)
@once
def sync(request: HttpRequest) -> Any:
    """Create the schedules that jobs declare and that don't exist yet."""
    staff_asking(request, Scope.OPERATE, ADD)
    return {"created": operations.sync_declared()}


@router.post(
    "/schedules/{schedule_id}/duplicate", response=answers(ScheduleValues, status=201), openapi_extra=_IDEMPOTENT
)
@once
def duplicate(request: HttpRequest, schedule_id: Path[Id]) -> Any:
    """Add a paused copy of the schedule under a name of its own."""
    who, schedule = operable_schedule(request, schedule_id, ADD)
    check_permission(who, ADD)
    return Status(201, schedule_values(operations.duplicate_schedule(schedule, by=asker_of(who))))


@router.post("/schedules/{schedule_id}/backfill", response=answers(Count), openapi_extra=_IDEMPOTENT)
@once
def backfill(request: HttpRequest, schedule_id: Path[Id], wanted: Backfill) -> Any:
    """Enqueue a run for each past fire time that has none; each once, however often this is asked."""
    who, schedule = operable_schedule(request, schedule_id, CHANGE)
    count = operations.backfill(
        schedule, first=wanted.first, until=wanted.until, confirmed=wanted.confirmed, by=asker_of(who)
    )
    return {"count": count}
