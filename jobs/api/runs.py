"""Runs: listed, shown, waited for, and what a person wants of them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router
from pydantic import Field

from jobs import explain, operations, queries
from jobs.api.idempotency import PARAMETER
from jobs.api.principal import asking, once, operable_run, visible_run
from jobs.api.problems import ProblemError
from jobs.api.shapes import (
    Edits,
    Limit,
    Listing,
    Page,
    ReasonValues,
    RunDetailValues,
    RunValues,
    Time,
    answers,
)
from jobs.api.waiting import wait_for_end
from jobs.keyset import read_cursor
from jobs.models.token import Scope
from jobs.queries import STATE_GROUPS, LogLine
from jobs.representation import details_values, run_values

router = Router(tags=["runs"])
LONGEST_WAIT = 30
_IDEMPOTENT = {"parameters": [PARAMETER]}


@router.get("/runs", response=answers(Page[RunValues]))
def list_runs(  # noqa: PLR0913, PLR0917 - each narrows the list
    request: HttpRequest,
    job: Annotated[str, Field(max_length=200)] = "",
    state: Annotated[str, Field(max_length=20)] = "",
    queue: Annotated[str, Field(max_length=100)] = "",
    since: Time | None = None,
    cursor: Annotated[str, Field(max_length=100)] = "",
    limit: Limit = 50,
) -> Any:
    """List runs, newest first; `state` is a state, or waiting, running or dead (failed, open)."""
    who = asking(request, Scope.READ)
    if state and state.lower() not in STATE_GROUPS:
        raise ProblemError(422, f"There is no state {state!r}; there are {', '.join(STATE_GROUPS)}.")
    page = queries.history(
        job=job,
        state=state,
        queue=queue,
        owner=who.owner,
        since=since,
        cursor=read_cursor(cursor) if cursor else None,
        limit=limit,
    )
    return {"items": [run_values(run) for run in page.runs], "next": str(page.older) if page.older else None}


@router.get("/runs/{run_id}", response=answers(RunDetailValues))
def show_run(request: HttpRequest, run_id: UUID, wait: Annotated[float, Field(ge=0, le=LONGEST_WAIT)] = 0.0) -> Any:
    """Show one run; with `wait` answer when it has ended, at the latest after so many seconds.

    A server whose waiting places are taken answers sooner: look at `state`, and ask again.
    """
    who = asking(request, Scope.READ)
    run = visible_run(who, str(run_id))
    if wait:
        wait_for_end(run.pk, seconds=wait)
        run = visible_run(who, str(run_id))
    return details_values(queries.details(run))


@router.get("/runs/{run_id}/why", response=answers(Listing[ReasonValues]))
def why(request: HttpRequest, run_id: UUID) -> Any:
    """Say what keeps a run from running, the decisive reason first."""
    run = visible_run(asking(request, Scope.READ), str(run_id))
    return {"items": [asdict(reason) for reason in explain.why(run)]}


@router.get("/runs/{run_id}/log", response=answers(Listing[LogLine]))
def log(request: HttpRequest, run_id: UUID) -> Any:
    """Tell the newest lines that the run logged, at most RUN_LOG_LINES, the oldest first; secrets are masked."""
    run = visible_run(asking(request, Scope.READ), str(run_id))
    return {"items": queries.log_of(run)}


@router.post("/runs/{run_id}/cancel", response=answers(RunValues), openapi_extra=_IDEMPOTENT)
@once
def cancel(request: HttpRequest, run_id: UUID) -> Any:
    """Cancel a run: at once while it waits; one that runs is asked to stop, and killed if it doesn't."""
    who, run = operable_run(request, str(run_id))
    return run_values(operations.cancel([run], by=f"{who.user} by the API")[0])


@router.post("/runs/{run_id}/retry", response=answers(RunValues), openapi_extra=_IDEMPOTENT)
@once
def retry(request: HttpRequest, run_id: UUID, edits: Edits | None = None) -> Any:
    """Enqueue a failed or cancelled run again, with all its attempts, with other arguments where given."""
    who, run = operable_run(request, str(run_id))
    changed = edits.args if edits else {}
    if changed and not who.user.has_perm("jobs.change_run"):
        raise ProblemError(403, "Only staff with the permission jobs.change_run changes arguments.")
    return run_values(operations.retry([run], edits=changed)[0])


@router.post("/runs/{run_id}/run-now", response=answers(RunValues), openapi_extra=_IDEMPOTENT)
@once
def run_now(request: HttpRequest, run_id: UUID) -> Any:
    """Let a run that waits for its time, or for its next attempt, start now."""
    _, run = operable_run(request, str(run_id))
    return run_values(operations.start_now([run])[0])


@router.post("/runs/{run_id}/discard", response=answers(RunValues), openapi_extra=_IDEMPOTENT)
@once
def discard(request: HttpRequest, run_id: UUID) -> Any:
    """Close a dead letter without running it again."""
    _, run = operable_run(request, str(run_id))
    return run_values(operations.discard([run])[0])


@router.post("/runs/{run_id}/tell-me", response=answers(RunValues), openapi_extra=_IDEMPOTENT)
@once
def tell_me(request: HttpRequest, run_id: UUID) -> Any:
    """Let the caller be told, once, when the run ends; of one that has ended at once."""
    who = asking(request, Scope.OPERATE)
    run = visible_run(who, str(run_id))
    return run_values(operations.tell_when_ended([run], user=who.user)[0])


@router.get("/failures", response=answers(Listing[RunValues]))
def failures(
    request: HttpRequest,
    hours: Annotated[int, Field(ge=1, le=168)] = 24,
    limit: Annotated[int, Field(ge=1, le=50)] = 20,
) -> Any:
    """List the runs that failed in the last hours and were not replayed since, the latest first."""
    who = asking(request, Scope.READ)
    found = queries.failures(since=timezone.now() - timedelta(hours=hours), limit=limit, owner=who.owner)
    return {"items": [run_values(run) for run in found]}
