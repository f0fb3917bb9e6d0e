"""A queued run becomes an attempt on one worker, if every guard allows it now."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Case, Value, When

from jobs.dialect import own_uuid
from jobs.ledger.limits import locked_bucket
from jobs.ledger.rows import columns, runs_of
from jobs.models import Queue, RateBucket, Run
from jobs.policies import RateLimit
from jobs.states import State

_CLAIM = (
    "UPDATE jobs_run SET state = 'RUNNING', attempt = attempt + 1, token = token + 1, reason = '', "  # noqa: S608 - constants
    "started_at = %s, worker_id = %s, process_id = %s "
    "WHERE id = %s AND state = 'QUEUED' AND (job = %s OR CAST(%s AS text) IS NULL) "
    "AND concurrency_key IS NULL AND rate_key IS NULL AND NOT rate_reserved "
    "AND (expires_at IS NULL OR expires_at > %s) "
    "AND NOT EXISTS (SELECT 1 FROM jobs_queue WHERE name = queue AND paused_at IS NOT NULL) "
    f"RETURNING {columns()}"
)


class Refusal(StrEnum):
    """Why a message did not become an attempt."""

    UNKNOWN = "no such run"
    STALE = "not queued: a duplicate, cancelled or finished"
    EARLY = "waiting for its time"
    PAUSED = "queue paused"
    BUSY = "concurrency limit reached"
    LIMITED = "rate limit reached"
    EXPIRED = "not started before its deadline"
    MISFIT = "its arguments don't fit the job here"


def claim(
    run_id: UUID, *, worker_id: UUID, now: datetime, job: str | None = None, rate: RateLimit | None = None
) -> Run | Refusal:
    """Take a queued run (of `job`) for this worker: RUNNING, attempt + 1, token + 1; or say why not.

    The returned row is as it stands in the database. On refusal a run past its deadline ends, see `expire`; one
    that must wait loses its message and gets another when what it waits for has come.
    """
    taken = _claim_unguarded(run_id, worker_id=worker_id, now=now, job=job)
    if taken is not None:
        return taken
    run = Run.objects.filter(pk=run_id).first()
    if run is None:
        return Refusal.UNKNOWN
    if job is not None and run.job != job:
        return Refusal.STALE
    refusal = _refusal(run, now) or _limited(run, rate, now)
    if refusal is not None:
        return refusal
    changes: dict[str, Any] = {
        "state": State.RUNNING,
        "attempt": run.attempt + 1,
        "token": run.token + 1,
        "worker_id": worker_id,
        "started_at": now,
        "process_id": os.getpid(),
        "rate_reserved": False,
        "reason": "",
    }
    return _claim_slot(run, changes) if run.concurrency_key else _claim(run, changes)


def claimed(run_id: UUID, *, worker_id: UUID, at: Sequence[datetime]) -> Run | None:
    """Return the run if a claim of this process at one of those very times took it and it is running still."""
    return Run.objects.running_here(worker_id).filter(pk=run_id, started_at__in=at).first()


def expire(run_id: UUID, *, now: datetime) -> bool:
    """End a waiting run that was not started before its deadline; False when it isn't waiting.

    One that was enqueued for a time of its own is MISSED, any other SKIPPED.
    """
    waiting = Run.objects.filter(pk=run_id, state__in=[State.SCHEDULED, State.QUEUED])
    is_late = When(schedule=None, fire_at__isnull=False, then=Value(State.MISSED))
    state = Case(is_late, default=Value(State.SKIPPED))
    return bool(waiting.update(state=state, finished_at=now, reason=Refusal.EXPIRED))


def _claim_unguarded(run_id: UUID, *, worker_id: UUID, now: datetime, job: str | None) -> Run | None:
    """Take the run in one statement if nothing speaks against it; None leaves it to those who ask what does."""
    adapt = connection.ops.adapt_datetimefield_value
    at, run, worker = adapt(now), own_uuid(run_id), own_uuid(worker_id)
    return next(iter(runs_of(_CLAIM, [at, worker, os.getpid(), run, job, job, at])), None)


def _refusal(run: Run, now: datetime) -> Refusal | None:
    if run.state != State.QUEUED:
        return Refusal.STALE
    if run.expires_at is not None and run.expires_at <= now:
        expire(run.pk, now=now)
        return Refusal.EXPIRED
    # Only a reserved start must be kept to the moment: clocks of two hosts differ by more than a message travels.
    if run.rate_reserved and run.run_at > now:
        return _put_back(run, Refusal.EARLY)
    if Queue.objects.filter(name=run.queue, paused_at__isnull=False).exists():
        return _put_back(run, Refusal.PAUSED)
    return None


def _limited(run: Run, rate: RateLimit | None, now: datetime) -> Refusal | None:
    """Take the next free start of the rate's key; a run that must wait for its start is refused once, never again."""
    if rate is None or run.rate_key is None or run.rate_reserved:
        return None
    with transaction.atomic():
        bucket = locked_bucket(run.rate_key, now=now)
        start, following = rate.reserve(bucket.next_start_at, now=now)
        RateBucket.objects.filter(key=run.rate_key).update(next_start_at=following)
        if start <= now:
            return None
        return _put_back(run, Refusal.LIMITED, run_at=start, rate_reserved=True)


def _claim(run: Run, changes: dict[str, Any]) -> Run | Refusal:
    if not Run.objects.filter(pk=run.pk, state=State.QUEUED, token=run.token).update(**changes):
        return Refusal.STALE
    for name, value in changes.items():
        setattr(run, name, value)
    return run


def _claim_slot(run: Run, changes: dict[str, Any]) -> Run | Refusal:
    same_key = Run.objects.running().filter(concurrency_key=run.concurrency_key)
    taken = set(same_key.values_list("concurrency_slot", flat=True))
    for slot in range(run.concurrency_limit):
        if slot not in taken:
            try:
                with transaction.atomic():
                    return _claim(run, {**changes, "concurrency_slot": slot})
            except IntegrityError:
                continue
    return _put_back(run, Refusal.BUSY)


def _put_back(run: Run, refusal: Refusal, **changes: Any) -> Refusal:
    queued = Run.objects.filter(pk=run.pk, state=State.QUEUED)
    queued.update(published_at=None, reason=refusal.value, **changes)
    return refusal
