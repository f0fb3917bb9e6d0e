"""Runs a job in this very process, recorded and guarded like any other, with no broker: for cron and command lines."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from typing import Any

import structlog
from celery.app.trace import build_tracer

from jobs import ledger
from jobs.attempt import Message, perform
from jobs.envelope import request_of
from jobs.models import Run, Worker
from jobs.models.run import Cause
from jobs.presence import Presence
from jobs.states import WAITING, State
from jobs.task import Job

log = structlog.get_logger(__name__)

_POLL_SECONDS = 0.2
_REFUSALS = {ledger.Refusal.PAUSED, ledger.Refusal.BUSY}


def run_here(
    job: Job, kwargs: Mapping[str, Any], *, owner: Any = None, cause: str = Cause.CLI, patience_seconds: float = 0.0
) -> Run:
    """Enqueue a run of `job`, perform its attempts in this process and return the row as it ended.

    Retries wait here for their time. A guard's refusal is waited out for `patience_seconds`, then the run is SKIPPED.
    The unfinished run that its unique key already has is returned as it stands, not waited for.

    Raises: ArgumentsError when the arguments don't fit.
    """
    run, created = ledger.enqueue(job.new_run([], dict(kwargs), owner=owner, cause=cause))
    if not created:
        return run
    node = Presence(
        kind=Worker.Kind.COMMAND,
        name=f"command-{os.getpid()}@{socket.gethostname()}",
        queues=[],
        concurrency=1,
        on_lost=lambda: os._exit(70),
    )
    node.begin()
    try:
        return _attempt_until_ended(job, run, deadline=time.monotonic() + patience_seconds)
    finally:
        node.end()


def _attempt_until_ended(job: Job, run: Run, *, deadline: float) -> Run:
    app = job.app
    tracer = build_tracer(job.name, job, app.loader, socket.gethostname(), app=app)
    while not State(run.state).is_final:
        if run.state == State.QUEUED:
            perform(job, tracer, Message(str(run.pk), run.args, run.kwargs, request_of(run)))
        elif run.state in WAITING and run.run_at <= ledger.now():
            ledger.release(run.pk, now=ledger.now())
        run.refresh_from_db()
        if run.state == State.QUEUED and run.reason in _REFUSALS and time.monotonic() >= deadline:
            ledger.skip(run.pk, reason=run.reason, now=ledger.now())
            run.refresh_from_db()
        elif not State(run.state).is_final:
            time.sleep(_POLL_SECONDS)
    return run
