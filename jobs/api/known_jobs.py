"""The jobs there are, and runs of them."""

from __future__ import annotations

import inspect
from typing import Any

from django.http import HttpRequest
from ninja import Path, Router, Status

from jobs import operations, queries, registry
from jobs.api.idempotency import PARAMETER
from jobs.api.principal import Principal, asking, once
from jobs.api.problems import ProblemError
from jobs.api.shapes import Listing, Name, NewRun, RunValues, answers
from jobs.errors import RefusedError
from jobs.models.run import Cause
from jobs.models.token import Scope
from jobs.queries import JobDetails
from jobs.representation import run_values

router = Router(tags=["jobs"])
OWNER_ARGUMENT = "user_id"
ADD_RUN = "jobs.add_run"


@router.get("/jobs", response=answers(Listing[JobDetails]))
def list_jobs(request: HttpRequest) -> Any:
    """List the jobs this installation knows, with options and argument schema."""
    asking(request, Scope.READ)
    return {"items": queries.all_jobs()}


@router.get("/jobs/{name}", response=answers(JobDetails))
def show_job(request: HttpRequest, name: Path[Name]) -> Any:
    """Show one job."""
    asking(request, Scope.READ)
    return queries.describe(registry.find(name))


@router.post("/jobs/{name}/runs", response=answers(RunValues, status=202), openapi_extra={"parameters": [PARAMETER]})
@once
def enqueue(request: HttpRequest, name: Path[Name], wanted: NewRun) -> Any:
    """Enqueue a run; it belongs to whoever asks.

    Who isn't staff may run jobs that take `user_id`, for themselves.
    """
    who = asking(request, Scope.RUN)
    run, is_new = operations.enqueue(
        name,
        _allowed_arguments(who, name, wanted.args),
        cause=Cause.API,
        owner=who.user,
        eta=wanted.eta,
        priority=wanted.priority,
        unique_key=wanted.unique_key,
    )
    if not is_new:
        which = f"run {run.pk}" if run.owner_id == who.user.pk or who.user.is_staff else "a run"
        raise RefusedError(f"{which} of the same unique key is {run.state.lower()}")
    return Status(202, run_values(run))


def _allowed_arguments(who: Principal, name: str, args: dict[str, Any]) -> dict[str, Any]:
    if who.user.has_perm(ADD_RUN):
        return args
    if OWNER_ARGUMENT not in inspect.signature(registry.find(name).run).parameters:
        raise ProblemError(403, f"{name} works for everybody: only staff with the permission {ADD_RUN} run it.")
    if args.get(OWNER_ARGUMENT, who.user.pk) != who.user.pk:
        raise ProblemError(403, f"{OWNER_ARGUMENT} must be {who.user.pk}: you run jobs for yourself.")
    return {**args, OWNER_ARGUMENT: who.user.pk}
