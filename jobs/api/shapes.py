"""The shapes of what the API takes and answers; the same values as every face's, see jobs/representation.py."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

from ninja import Schema
from pydantic import AfterValidator, Field

from jobs.api.problems import STATUSES, Problem
from jobs.queries import JobStatistics, QueueDetails

T = TypeVar("T")
_FIRST, _LAST = datetime(1970, 1, 2, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)


def _usable(at: datetime) -> datetime:
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if not _FIRST <= at <= _LAST:
        raise ValueError("must lie between 1970 and 9999")
    return at


Time = Annotated[datetime, AfterValidator(_usable)]
"""ISO 8601; without zone it is UTC."""
Name = Annotated[str, Field(min_length=1, max_length=200)]
Limit = Annotated[int, Field(ge=1, le=100)]


def answers(shape: Any, *, status: int = 200) -> dict[Any, Any]:
    """Return an endpoint's responses: the shape, or a problem."""
    return {status: shape, STATUSES: Problem}


class Listing(Schema, Generic[T]):
    """All there are."""

    items: list[T]


class Page(Schema, Generic[T]):
    """Some, newest first; `next` is the cursor of those that follow, null at the end."""

    items: list[T]
    next: str | None


class Count(Schema):
    """How many were changed."""

    count: int


class Changed(Schema):
    """Whether the call changed anything."""

    changed: bool


class ErrorValues(Schema):
    """What went wrong in the latest attempt."""

    kind: str
    message: str
    fingerprint: str


class RunValues(Schema):
    """A run; `seconds` is how long the latest attempt took or has taken."""

    id: UUID
    job: str
    queue: str
    priority: int
    state: Literal["SCHEDULED", "QUEUED", "RUNNING", "RETRYING", "SUCCESS", "FAILED", "CANCELLED", "SKIPPED", "MISSED"]
    owner: str | None
    cause: str
    correlation_id: str
    parent: UUID | None
    attempt: int
    max_attempts: int
    created_at: datetime
    run_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    seconds: float | None
    progress: dict[str, Any] | None
    error: ErrorValues | None
    reason: str


class MomentValues(Schema):
    """One thing that happened to a run, or is about to."""

    at: datetime | None
    what: str
    detail: str
    ended_at: datetime | None


class ReasonValues(Schema):
    """One thing that keeps a run from running, the decisive one first."""

    code: str
    text: str
    remedy: str


class RunDetailValues(RunValues):  # type: ignore[no-redef]  # the mypy plugin of pydantic takes it for **kwargs
    """A run with all that is known of it; secrets are masked."""

    args: list[Any]
    kwargs: dict[str, Any]
    result: Any
    traceback: str
    schedule: str | None
    worker: str | None
    cpu_seconds: float | None
    max_rss: int | None
    code_version: str
    timeline: list[MomentValues]
    why: list[ReasonValues]
    children: list[RunValues]


class WorkerValues(Schema):
    """A process that reports in."""

    id: UUID
    state: Literal["alive", "late", "stopped", "lost"]
    name: str
    kind: str
    hostname: str
    pid: int
    queues: list[str]
    concurrency: int
    code_version: str
    lag_seconds: float
    cpu_cores: float | None
    memory_bytes: int | None
    started_at: datetime
    heartbeat_at: datetime
    stopping_at: datetime | None
    stopped_at: datetime | None
    lost_at: datetime | None


class OverviewValues(Schema):
    """Everything at a glance."""

    at: datetime
    ended: JobStatistics
    queues: list[QueueDetails]
    running: list[RunValues]
    failed: list[RunValues]
    workers: list[WorkerValues]


class CheckValues(Schema):
    """Whether one part works, what is wrong, and its figures."""

    ok: bool
    problem: str
    figures: dict[str, Any] | None


class HealthValues(Schema):
    """Whether work goes through, and each part."""

    ready: bool
    checks: dict[str, CheckValues]


class NewRun(Schema):
    """What may be chosen for a run."""

    args: dict[str, Any] = Field({}, description="The job's arguments by name.")
    eta: Time | None = Field(None, description="Not before this time; without zone it is UTC.")
    priority: Annotated[int, Field(ge=0, le=9)] | None = Field(None, description="Higher starts first within a queue.")
    unique_key: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        None, description="One unfinished run per key: a second one is refused (409)."
    )


class Edits(Schema):
    """What shall be different in the next attempt."""

    args: dict[str, Any] = Field({}, description="Arguments by name that replace those it had.")


class Replay(Schema):
    """Which dead letters, and how: all at once, or a few first by a job that watches them."""

    fingerprint: Annotated[str, Field(max_length=32)] = ""
    job: Annotated[str, Field(max_length=200)] = ""
    all: bool = False
    canary: Annotated[int, Field(ge=1, le=1000)] | None = None


class Replayed(Schema):
    """How many were enqueued again, or the run that does it step by step."""

    count: int | None
    run: RunValues | None
