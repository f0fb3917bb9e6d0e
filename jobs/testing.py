"""For authors' tests: run a job as one attempt after another in this process, look at what was enqueued, plant faults.

Works inside a test's transaction, with no broker, no worker and no waiting; see docs/writing_jobs.md.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from celery.app.trace import build_tracer
from django_celery_results.models import TaskResult
from kombu.utils import json as kombu_json

from jobs import faultpoints, ledger, registry, wire
from jobs.attempt import Message, perform
from jobs.envelope import request_of
from jobs.errors import ArgumentsError
from jobs.fanout import end_parents
from jobs.models import Run, Worker
from jobs.models.run import RunQuerySet, WaitsFor
from jobs.presence import Presence
from jobs.states import WAITING, State
from jobs.task import Job

MOST_STEPS = 10_000


def run_job(job: Job, /, **kwargs: Any) -> Run:
    """Enqueue a run with these arguments, perform it and its children to their end, and return the row.

    Retries and snoozes don't wait. Raises: ArgumentsError when the arguments don't fit.
    """
    run, _ = ledger.enqueue(job.new_run([], kwargs))
    drain()
    run.refresh_from_db()
    return run


def drain(*, job: Job | None = None) -> int:
    """Perform every waiting run (of `job`), and those they enqueue, until none is left; returns how many attempts."""
    attempts = 0
    with _as_worker():
        while (run := _next(job)) is not None:
            attempts += 1
            if attempts > MOST_STEPS:
                raise AssertionError(f"{MOST_STEPS} attempts and still not done: does a job enqueue itself for ever?")
            _attempt(run)
            while end_parents(now=ledger.now()):
                pass
    return attempts


def result_of(run: Run) -> Any:
    """Return what the run's body returned; None when it hasn't succeeded."""
    row = TaskResult.objects.filter(task_id=run.task_id, status="SUCCESS").first()
    return kombu_json.loads(row.result) if row is not None else None


def enqueued(job: Job) -> RunQuerySet:
    """Return the runs of `job` that wait to be performed, oldest first."""
    return Run.objects.waiting().filter(job=job.name).order_by("pk")


def assert_enqueued(job: Job, **kwargs: Any) -> Run:
    """Return the one waiting run of `job` with these arguments; fails when there is none or more than one."""
    found = [run for run in enqueued(job) if _holds(wire.unseal(run.kwargs), kwargs)]
    assert len(found) == 1, f"{len(found)} waiting runs of {job.name} with {kwargs}, expected 1"
    return found[0]


def assert_not_enqueued(job: Job) -> None:
    """Fail when a run of `job` waits."""
    assert not enqueued(job).exists(), f"{enqueued(job).count()} runs of {job.name} wait, expected none"


@contextmanager
def fault(point: str, action: Callable[[], None] | None = None) -> Iterator[None]:
    """Strike the first time this process reaches `point` (see faultpoints): call `action`, or SIGKILL the process."""
    assert point in faultpoints.POINTS, f"no fault point is called {point!r}"
    struck = False

    def strike(reached: str) -> None:
        nonlocal struck
        if reached == point and not struck:
            struck = True
            (action or _kill)()

    faultpoints.install(strike)
    try:
        yield
    finally:
        faultpoints.install(None)


@contextmanager
def _as_worker() -> Iterator[None]:
    node = Presence(kind=Worker.Kind.COMMAND, name="test", queues=[], concurrency=1, on_lost=_kill)
    node.begin(threaded=False)
    try:
        yield
    finally:
        node.end()


def _next(job: Job | None) -> Run | None:
    waiting = Run.objects.filter(state__in=WAITING).exclude(waits_for=WaitsFor.REPLACEMENT)
    return (waiting if job is None else waiting.filter(job=job.name)).order_by("run_at", "pk").first()


def _attempt(run: Run) -> None:
    job = registry.find(run.job)
    if problem := registry.problem_of_call(job, run.args, run.kwargs):
        raise ArgumentsError(problem)
    if run.run_at > ledger.now():
        ledger.bring_forward(run.pk, now=ledger.now())
    if run.state != State.QUEUED:
        ledger.release(run.pk, now=ledger.now())
    request = request_of(run)
    tracer = build_tracer(job.name, job, job.app.loader, "test", app=job.app)
    perform(job, tracer, Message(request["id"], run.args, run.kwargs, request))


def _holds(actual: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(name in actual and actual[name] == value for name, value in wanted.items())


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
