"""Turns a run's row into the broker message that rings for it; a broker that is away never reaches the caller."""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import Any, cast
from uuid import UUID

import structlog
from celery import Celery, current_app
from django.db import Error, transaction

from jobs import broker, faultpoints, ledger
from jobs.breaker import WHOLE, Breaker
from jobs.conf import conf
from jobs.models import Run
from jobs.sent_events import SentEvents
from jobs.transport import HEADER
from jobs.wire import shown

log = structlog.get_logger(__name__)

RETRY_POLICY = {"max_retries": 1, "interval_start": 0.0, "interval_step": 0.1, "interval_max": 0.1}
PUBLISH_SECONDS = 3.0
SENDING: dict[str, Any] = {
    "timeout": PUBLISH_SECONDS,
    "confirm_timeout": PUBLISH_SECONDS,
    "retry": True,
    "retry_policy": RETRY_POLICY,
}
BROKER_FAULTS = broker.FAULTS

_breaker = Breaker()
_leaves: ContextVar[bool] = ContextVar("daybook_leaves_publishing", default=False)


def leave_to_dispatcher() -> None:
    """Let this thread write rows only: what it enqueues waits for the dispatcher, so it never waits for the broker."""
    _leaves.set(True)


def is_left_to_dispatcher() -> bool:
    """Whether this thread writes rows only."""
    return _leaves.get()


def publish_after_commit(*runs: Run) -> None:
    """Send the messages of runs due now once the caller's transaction has committed; never raises for the broker."""
    due = [run for run in runs if run.published_at is not None]
    if due:
        transaction.on_commit(lambda: publish_or_leave(due))


def ring_next(concurrency_key: str) -> None:
    """After the commit, send the message of the first run that waits for this key's slot."""
    transaction.on_commit(lambda: _ring_next(concurrency_key))


def _ring_next(concurrency_key: str) -> None:
    if _leaves.get() or is_broker_away():
        return
    try:
        run = ledger.publish_next(concurrency_key, now=ledger.now())
    except Error as error:
        # What has ended has ended, whether the next is rung for or not.
        log.warning("not rung for the next of its key, the dispatcher will", key=concurrency_key, error=str(error))
        return
    if run is not None:
        publish_or_leave([run])


def publish_or_leave(runs: list[Run]) -> int:
    """Send each run's message; those that could not go wait for the dispatcher. Returns how many went."""
    left: list[Run] = []
    events = SentEvents(this_app())
    for run in runs:
        if is_broker_away(run.queue):
            left.append(run)
            continue
        faultpoints.reach("before publish")
        try:
            send(run, events=events)
            _breaker.note_success(run.queue)
        except BROKER_FAULTS as error:
            note_broker_fault(run.queue, error)
            left.append(run)
        except Exception as error:
            # One run that can't be sent must not hold up those behind it; it is tried again like a lost message.
            log.exception("a run can't be published", run_id=str(run.pk), job=run.job)
            ledger.note_waiting(run.pk, reason=f"can't be published: {error}")
    events.flush()
    _leave(left)
    return len(runs) - len(left)


def send(run: Run, *, events: SentEvents) -> None:
    """Send the run's message now, with everything Celery's own clients would put into it; `events` are to tell of it.

    Raises: one of BROKER_FAULTS.
    """
    app = this_app()
    options: dict[str, Any] = dict(run.options)
    task_id = options.pop("task_id", None) or str(run.pk)
    headers = {
        **(options.pop("headers", None) or {}),
        HEADER: {"run": str(run.pk), "correlation_id": run.correlation_id},
    }
    Celery.send_task(
        app,
        run.job,
        run.args,
        run.kwargs,
        task_id=task_id,
        task_type=app.tasks.get(run.job) or False,
        queue=run.queue,
        retries=max(run.attempt, 0),
        headers=headers,
        argsrepr=shown(run.args),
        kwargsrepr=shown(run.kwargs),
        root_id=str(run.root_id or run.pk),
        parent_id=str(run.parent_id) if run.parent_id else None,
        add_to_parent=False,
        event_dispatcher=events,
        **SENDING,
        **options,
    )


def this_app() -> Celery:
    """Return the app itself, and not Celery's stand-in for it."""
    return cast("Celery", cast("Any", current_app)._get_current_object())  # noqa: SLF001 - Celery has no public way


def is_broker_away(queue: str = WHOLE) -> bool:
    """Whether the broker, or this queue of it, failed moments ago, so that callers don't wait for it again."""
    return _breaker.is_open(queue, at=time.monotonic())


def note_broker_fault(queue: str, error: BaseException | None = None) -> None:
    """Remember that the broker failed for the queue; where it answers otherwise, the other queues go on."""
    away = queue if broker.is_one_queues_fault() else WHOLE
    log.warning("broker away", queue=away or "all", error=str(error or "no answer"))
    _breaker.note_failure(away, at=time.monotonic(), pause_seconds=conf().publish_pause_seconds)


def _leave(runs: list[Run]) -> None:
    if not runs:
        return
    ids: list[UUID] = [run.pk for run in runs]
    log.warning("not published, the dispatcher will", runs=len(ids))
    try:
        ledger.mark_unpublished(ids, reason="broker away")
    except Error as fault:
        log.warning("could not note it; found by its age", error=str(fault))
