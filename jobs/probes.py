"""Probes that try instead of only looking: does this machine's worker answer, does a run go through a queue.

They cost a message or a run, so that they are for probes of single processes, not for /readyz.
"""

from __future__ import annotations

import socket
import time
from datetime import timedelta
from typing import Any

from celery import current_app
from django.db import Error

from jobs import broker, ledger
from jobs.health import Check
from jobs.models import Run, Worker
from jobs.states import State
from jobs.tasks.canary import canary

ANSWER_SECONDS = 5.0
LATER_SECONDS = 0.5
_LOOK_SECONDS = 0.2
_URGENT = 9


def workers_here(*, node: str = "") -> Check:
    """Tell whether the worker of that name, or every worker of this machine, reports in and answers over the broker."""
    try:
        reporting = Worker.objects.reporting(Worker.Kind.WORKER, now=ledger.now())
        rows = list(reporting.filter(name=node) if node else reporting.filter(hostname=socket.gethostname()))
    except Error as error:
        return Check(False, f"database: {error}".strip())
    if not rows:
        return Check(False, f"no worker {f'called {node}' if node else f'of {socket.gethostname()}'} reports")
    names = sorted({row.name for row in rows})
    answers = _answering(names)
    if answers is None:
        return Check(False, "the broker does not answer: its workers can't be asked")
    silent = [name for name in names if name not in answers]
    problem = f"reports, but does not take messages: {', '.join(silent)}" if silent else ""
    return Check(
        not silent, problem, {"workers": names, "running": Run.objects.running().filter(worker__in=rows).count()}
    )


def run_goes_through(*, queue: str = "", seconds: float = 30.0, by_beat: bool = False) -> Check:
    """Send a run through the queue and tell whether it ended in time; `by_beat` lets it wait for beat first.

    It goes before all else in its queue and expires when nobody waits for it any more.
    """
    began = time.monotonic()
    try:
        run = _sent(queue or current_app.conf.task_default_queue, seconds=seconds, by_beat=by_beat)
        while State(run.state) is not State.SUCCESS and time.monotonic() - began < seconds:
            time.sleep(_LOOK_SECONDS)
            run.refresh_from_db()
    except Error as error:
        return Check(False, f"database: {error}".strip())
    figures = {"queue": run.queue, "run": str(run.pk), "seconds": round(time.monotonic() - began, 3)}
    if State(run.state) is State.SUCCESS:
        return Check(True, figures={**figures, "worker": str(run.worker or "")})
    where = "beat has not sent it" if run.state == State.SCHEDULED else f"it is {run.state.lower()}"
    return Check(False, f"a run of queue {run.queue} did not end within {seconds:g} s: {where}", figures)


def _sent(queue: str, *, seconds: float, by_beat: bool) -> Run:
    expires = ledger.now() + timedelta(seconds=seconds)
    countdown = LATER_SECONDS if by_beat else 0.0
    result = canary.apply_async(queue=queue, priority=_URGENT, expires=expires, countdown=countdown)
    return Run.objects.get(pk=result.id)


def _answering(names: list[str]) -> set[str] | None:
    """Return which of these nodes answer a ping; None when the broker doesn't."""
    try:
        replies: list[dict[str, Any]] = current_app.control.ping(destination=names, timeout=ANSWER_SECONDS) or []
    except broker.FAULTS:
        return None
    return {name for reply in replies for name in reply}
