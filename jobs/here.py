"""Runs a job in this very process, recorded and guarded like any other, with no broker: for cron and command lines."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from typing import Any

import structlog
from celery.app.trace import build_tracer
from django.db.models import Q

from jobs import fanout, ledger, machine, registry, run_log
from jobs.attempt import Message, perform
from jobs.conf import conf
from jobs.envelope import request_of
from jobs.models import Run, Worker
from jobs.models.run import Cause, WaitsFor
from jobs.presence import Presence
from jobs.rescue import Rescuer
from jobs.states import State
from jobs.task import Job

log = structlog.get_logger(__name__)

_POLL_SECONDS = 0.2
_REFUSALS = {ledger.Refusal.PAUSED, ledger.Refusal.BUSY}


def run_here(
    job: Job, kwargs: Mapping[str, Any], *, owner: Any = None, cause: str = Cause.CLI, patience_seconds: float = 0.0
) -> Run:
    """Enqueue a run of `job`, perform its attempts in this process and return the row as it ended.

    Children are performed here too, one after another, as far as no worker takes them. Retries wait for their time. A
    guard's refusal is waited out for `patience_seconds`, then the run is SKIPPED.
    The unfinished run that its unique key already has is returned as it stands, not waited for.

    Raises: ArgumentsError when the arguments don't fit.
    """
    declare_dead_commands_lost()
    run, created = ledger.enqueue(job.new_run([], dict(kwargs), owner=owner, cause=cause, alone=True))
    return perform_here(run, patience_seconds=patience_seconds) if created else run


def perform_here(run: Run, *, patience_seconds: float = 0.0) -> Run:
    """Perform the attempts of an enqueued run in this process, as `run_here` does, and return the row as it ended."""
    node = Presence(
        kind=Worker.Kind.COMMAND,
        name=f"command-{os.getpid()}@{socket.gethostname()}",
        queues=[],
        concurrency=1,
        on_lost=lambda: os._exit(70),
    )
    node.begin()
    try:
        return _perform_until_ended(run, deadline=time.monotonic() + patience_seconds)
    finally:
        run_log.flush()
        node.end()


def declare_dead_commands_lost() -> None:
    """Give back the runs of commands killed on this machine, so that none holds a guard where no beat runs."""
    commands = Worker.objects.filter(kind=Worker.Kind.COMMAND, stopped_at=None, lost_at=None)
    here = commands.exclude(machine_name="").filter(machine_name=conf().machine or machine.name())
    dead = [command.pk for command in here if command.process.life() is machine.Life.GONE]
    if dead:
        commands.filter(pk__in=dead).update(lost_at=ledger.now())
        Rescuer().rescue(now=ledger.now())


def _perform_until_ended(run: Run, *, deadline: float) -> Run:
    while not State(run.state).is_final:
        refused = [each for each in _due(run) if not _attempt(each)]
        fanout.end_parents(now=ledger.now())
        if refused and time.monotonic() >= deadline:
            for each in refused:
                ledger.skip(each.pk, reason=each.reason, now=ledger.now())
        run.refresh_from_db()
        if not State(run.state).is_final and (refused or not _due(run)):
            time.sleep(_POLL_SECONDS)
    return run


def _due(run: Run) -> list[Run]:
    """Return the run and its descendants, as far as their time has come."""
    family = Run.objects.waiting().filter(Q(pk=run.pk) | Q(root_id=run.pk), run_at__lte=ledger.now())
    family = family.exclude(waits_for=WaitsFor.REPLACEMENT)
    return [each for each in family.order_by("pk") if each.job in registry.registered()]


def _attempt(run: Run) -> bool:
    """Perform one attempt; False when a guard refused it."""
    if run.state != State.QUEUED:
        ledger.release(run.pk, now=ledger.now())
    job = registry.find(run.job)
    tracer = build_tracer(job.name, job, job.app.loader, socket.gethostname(), app=job.app)
    request = request_of(run)
    perform(job, tracer, Message(request["id"], run.args, run.kwargs, request))
    run.refresh_from_db()
    is_refused = run.reason in _REFUSALS or run.reason.startswith(ledger.PARKED)
    return not (run.state == State.QUEUED and is_refused)
