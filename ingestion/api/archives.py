"""One's archives of calendars: how they stand, and their schedules, all made or all removed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from ingestion import archive_operations as operations
from jobs.api.idempotency import PARAMETER
from jobs.api.principal import asking, once
from jobs.api.schedules import asker_of
from jobs.api.shapes import Count, Listing, answers
from jobs.models.token import Scope

router = Router(tags=["archives"])
_IDEMPOTENT = {"parameters": [PARAMETER]}


class ArchiveValues(Schema):
    """An archive: what is copied where, how much it holds, and its schedule."""

    archive: int
    source: str = Field(alias="from")
    target: str = Field(alias="to")
    active: bool
    archived: int
    last_archived_at: datetime | None
    schedule: str
    enabled: bool | None
    last_error: str


class Names(Schema):
    """Names of schedules."""

    items: list[str]


@router.get("/archives", response=answers(Listing[ArchiveValues]), by_alias=True)
def list_archives(request: HttpRequest) -> Any:
    """List one's archives, staff everybody's: how much each holds, when it last ran, and its schedule."""
    who = asking(request, Scope.READ)
    return {"items": [operations.archive_values(one) for one in operations.statuses(who.user)]}


@router.post("/archives/schedule", response=answers(Names), openapi_extra=_IDEMPOTENT)
@once
def schedule_archives(request: HttpRequest) -> Any:
    """Make the schedules that one's own active archives lack, at their hour and zone."""
    who = asking(request, Scope.OPERATE)
    return {"items": [made.name for made in operations.schedule_archives(who.user, by=asker_of(who))]}


@router.post("/archives/remove", response=answers(Count), openapi_extra=_IDEMPOTENT)
@once
def unschedule_archives(request: HttpRequest) -> Any:
    """Remove all of one's own archive schedules; what has been copied stays."""
    who = asking(request, Scope.OPERATE)
    return {"count": operations.unschedule_archives(who.user, by=asker_of(who))}
