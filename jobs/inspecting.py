"""What a worker answers to `inspect active`: the packed runs that its processes hold, in the place of their bells."""

from __future__ import annotations

from typing import Any

import structlog
from celery.worker import state as worker_state
from celery.worker.control import inspect_command
from django.db import Error

from jobs import presence
from jobs.bell_message import TASK
from jobs.envelope import request_of
from jobs.models import Run
from jobs.wire import masked

log = structlog.get_logger(__name__)


@inspect_command(alias="dump_active")
def active(state: Any, safe: bool = False, **_: Any) -> list[dict[str, Any]]:
    """List what is being executed here."""
    requests = list(state.tset(worker_state.active_requests))
    bells = {request.worker_pid: request for request in requests if request.name == TASK}
    try:
        runs = [_told(run, bells[run.process_id]) for run in _held(set(bells))] if bells else []
    except Error as error:
        log.warning("packed runs not told", error=str(error))
        runs = []
    hearing = {run["worker_pid"] for run in runs}
    return [*(each.info(safe=safe) for each in requests if each.worker_pid not in hearing), *runs]


def _held(processes: set[int | None]) -> list[Run]:
    mine = Run.objects.running().filter(worker_id=presence.worker_id(), process_id__in=processes, is_packed=True)
    return list(mine.filter(waits_for="").order_by("started_at", "pk"))


def _told(run: Run, bell: Any) -> dict[str, Any]:
    """Return the same as Celery tells of a task."""
    return {
        **bell.info(),
        "id": request_of(run)["id"],
        "name": run.job,
        "type": run.job,
        "args": masked(run.args),
        "kwargs": masked(run.kwargs),
        "time_start": run.started_at and run.started_at.timestamp(),
    }
