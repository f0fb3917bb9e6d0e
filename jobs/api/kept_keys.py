"""Copies of Redis keys that were about to expire: listed, and given back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

import redis
from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from jobs import operations, queries
from jobs.api.idempotency import PARAMETER
from jobs.api.principal import CHANGE_RUN, once, staff_asking
from jobs.api.problems import ProblemError
from jobs.api.shapes import Limit, Listing, answers
from jobs.encryption import UndecryptableError
from jobs.models.token import Scope

router = Router(tags=["operating"])
Pattern = Annotated[str, Field(min_length=1, max_length=500, description="A key, or how keys begin with a star.")]


class KeptKeyValues(Schema):
    """A copy; what the key held is never told."""

    name: str
    kept_at: datetime
    expires_at: datetime
    restored_at: datetime | None


class GiveBack(Schema):
    """Which keys, and how long they live from now on."""

    pattern: Pattern
    hours: Annotated[float, Field(ge=0.01, le=8760)] = 24.0


class GivenBackValues(Schema):
    """Which keys went back, and why others were left alone."""

    restored: list[str]
    left: dict[str, str]


@router.get("/keys", response=answers(Listing[KeptKeyValues]))
def list_keys(request: HttpRequest, pattern: Pattern = "*", limit: Limit = 100) -> Any:
    """List copies by name: when each was kept, and when its key expires or expired."""
    staff_asking(request, Scope.READ)
    return {"items": queries.kept_keys(pattern)[:limit]}


@router.post("/keys/restore", response=answers(GivenBackValues), openapi_extra={"parameters": [PARAMETER]})
@once
def restore_keys(request: HttpRequest, wanted: GiveBack) -> Any:
    """Write copies back to Redis; a key that is there is left alone."""
    staff_asking(request, Scope.OPERATE, CHANGE_RUN)
    try:
        return operations.restore_keys(wanted.pattern, life=timedelta(hours=wanted.hours))
    except redis.RedisError as error:
        raise ProblemError(409, f"Redis does not answer: {error}") from error
    except UndecryptableError as error:
        raise ProblemError(409, str(error)) from error
