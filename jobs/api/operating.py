"""What staff ask: queues, workers, statistics and dead letters."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Router
from pydantic import Field

from jobs import dead_letters, doctor, health, inflight, operations, queries
from jobs.api.idempotency import PARAMETER
from jobs.api.principal import CHANGE_RUN, once, staff_asking
from jobs.api.problems import ProblemError
from jobs.api.shapes import (
    Changed,
    Count,
    HealthValues,
    Limit,
    Listing,
    Name,
    OverviewValues,
    Page,
    Replay,
    Replayed,
    WorkerValues,
    answers,
)
from jobs.dead_letters import Group
from jobs.doctor import Finding
from jobs.inflight import Misfit
from jobs.models.run import Cause
from jobs.models.token import Scope
from jobs.queries import JobStatistics, QueueDetails
from jobs.representation import overview_values, run_values, worker_values

router = Router(tags=["operating"])
CHANGE_QUEUE, CLEAR = "jobs.change_queue", "jobs.delete_hourtally"
_IDEMPOTENT = {"parameters": [PARAMETER]}
Minutes = Annotated[int, Field(ge=1, le=10_080)]
Hours = Annotated[int, Field(ge=1, le=168)]


@router.get("/overview", response=answers(OverviewValues))
def overview(request: HttpRequest, minutes: Minutes = 60, limit: Limit = 8) -> Any:
    """Tell what ended and failed in the last minutes, and how queues, running runs and workers stand."""
    staff_asking(request, Scope.READ)
    return overview_values(queries.overview(period=timedelta(minutes=minutes), limit=limit))


@router.get("/queues", response=answers(Listing[QueueDetails]))
def list_queues(request: HttpRequest) -> Any:
    """List the queues: waiting, running, longest wait, workers, and who paused which."""
    staff_asking(request, Scope.READ)
    return {"items": queries.all_queues()}


@router.post("/queues/{name}/pause", response=answers(Changed), openapi_extra=_IDEMPOTENT)
@once
def pause_queue(request: HttpRequest, name: Path[Name]) -> Any:
    """Start nothing more from the queue until it is resumed; what runs goes on."""
    who = staff_asking(request, Scope.OPERATE, CHANGE_QUEUE)
    queries.find_queue(name)
    return {"changed": operations.pause_queue(name, by=who.user)}


@router.post("/queues/{name}/resume", response=answers(Changed), openapi_extra=_IDEMPOTENT)
@once
def resume_queue(request: HttpRequest, name: Path[Name]) -> Any:
    """Let the queue's runs start again."""
    staff_asking(request, Scope.OPERATE, CHANGE_QUEUE)
    queries.find_queue(name)
    return {"changed": operations.resume_queue(name)}


@router.post("/queues/{name}/purge", response=answers(Count), openapi_extra=_IDEMPOTENT)
@once
def purge_queue(request: HttpRequest, name: Path[Name]) -> Any:
    """Cancel every run of the queue that has not started."""
    who = staff_asking(request, Scope.OPERATE, CHANGE_QUEUE)
    queries.find_queue(name)
    return {"count": operations.purge_queue(name, by=f"{who.user} by the API")}


@router.get("/workers", response=answers(Listing[WorkerValues]))
def list_workers(request: HttpRequest, ended: bool = False) -> Any:
    """List workers, beats and commands that report in; with `ended` also those that stopped or were lost."""
    staff_asking(request, Scope.READ)
    return {"items": [worker_values(worker) for worker in queries.all_workers(ended=ended)]}


@router.get("/stats", response=answers(Listing[JobStatistics]))
def statistics(request: HttpRequest, hours: Hours | None = None) -> Any:
    """Tell per job how runs ended, how long they took and waited: since cleared, or in the last hours."""
    staff_asking(request, Scope.READ)
    return {"items": queries.statistics(hours=hours)}


@router.get("/stats/{name}", response=answers(JobStatistics))
def statistics_of(request: HttpRequest, name: Path[Name], hours: Hours | None = None) -> Any:
    """Tell of one job how runs ended, how long they took and waited."""
    staff_asking(request, Scope.READ)
    found = queries.statistics(job=name, hours=hours)
    if not found:
        raise ProblemError(404, f"No run of {name} has been counted.")
    return found[0]


@router.delete("/stats/{name}", response=answers(Count))
def clear_statistics(request: HttpRequest, name: Path[Name]) -> Any:
    """Forget the statistics of a job, of all jobs where the name is `*`, and count from now on."""
    staff_asking(request, Scope.ADMIN, CLEAR)
    if name == "*":
        return {"count": operations.clear_statistics()}
    if not queries.statistics(job=name):
        raise ProblemError(404, f"No run of {name} has been counted.")
    return {"count": operations.clear_statistics(name)}


@router.get("/health", response=answers(HealthValues))
def health_now(request: HttpRequest) -> Any:
    """Tell of database, broker, beat, workers and schedules whether each is well, as /readyz does."""
    staff_asking(request, Scope.READ)
    return health.as_json(health.report())


@router.get("/doctor", response=answers(Listing[Finding]))
def examine(request: HttpRequest) -> Any:
    """Examine everything jobs need, and say of what is wrong how to mend it."""
    staff_asking(request, Scope.READ)
    return {"items": doctor.examine()}


@router.get("/inflight", response=answers(Page[Misfit]))
def misfits(request: HttpRequest, cursor: Annotated[str, Field(max_length=100)] = "") -> Any:
    """Tell which unfinished runs and enabled schedules this process's code would not run.

    A call looks at two thousand runs, then at schedules; all were looked at once `next` is null, however few misfit.
    """
    staff_asking(request, Scope.READ)
    checked = inflight.check_some(cursor)
    return {"items": checked.misfits, "next": checked.next or None}


@router.get("/dead-letters", response=answers(Listing[Group]))
def list_dead_letters(request: HttpRequest, limit: Limit = 100) -> Any:
    """List failed runs that wait for a person, by job and error, the most numerous first."""
    staff_asking(request, Scope.READ)
    return {"items": dead_letters.groups(limit=limit)}


@router.post("/dead-letters/replay", response=answers(Replayed), openapi_extra=_IDEMPOTENT)
@once
def replay(request: HttpRequest, wanted: Replay) -> Any:
    """Enqueue dead letters of an error, of a job, or all again; with `canary` so many first, by a job that watches."""
    who = staff_asking(request, Scope.OPERATE, CHANGE_RUN)
    _check_chosen(wanted)
    if wanted.canary is None:
        count = operations.replay_dead_letters(fingerprint=wanted.fingerprint, job=wanted.job)
        return {"count": count, "run": None}
    steps = [wanted.canary, wanted.canary * 10, wanted.canary * 100]
    run = operations.replay_carefully(
        fingerprint=wanted.fingerprint, job=wanted.job, steps=steps, cause=Cause.API, owner=who.user
    )
    return {"count": None, "run": run_values(run)}


@router.post("/dead-letters/discard", response=answers(Count), openapi_extra=_IDEMPOTENT)
@once
def discard(request: HttpRequest, wanted: Replay) -> Any:
    """Close dead letters of an error, of a job, or all without running them."""
    staff_asking(request, Scope.OPERATE, CHANGE_RUN)
    _check_chosen(wanted)
    return {"count": operations.discard_dead_letters(fingerprint=wanted.fingerprint, job=wanted.job)}


def _check_chosen(wanted: Replay) -> None:
    if wanted.all == bool(wanted.fingerprint or wanted.job):
        raise ProblemError(422, "Name a fingerprint or a job, or else say all.")
