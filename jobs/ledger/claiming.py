"""A queued run becomes an attempt on one worker, if every guard allows it now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, Value, When

from jobs.ledger.guarded import Claim, claim_guarded
from jobs.ledger.limits import locked_bucket
from jobs.ledger.rows import columns, first_of
from jobs.models import Queue, RateBucket, Run
from jobs.policies import RateLimit
from jobs.states import State

# Of one claim; each that is lost is another's start.
_MOST_TRIES = 100
_CLAIM = (
    "UPDATE jobs_run SET state = 'RUNNING', attempt = attempt + 1, token = token + 1, reason = '', "  # noqa: S608 - constants
    "started_at = %(now)s, worker_id = %(worker)s, process_id = %(process)s "
    "WHERE id = %(run)s AND state = 'QUEUED' AND (job = %(job)s OR CAST(%(job)s AS text) IS NULL) "
    "AND concurrency_key IS NULL AND rate_key IS NULL AND NOT rate_reserved "
    "AND (expires_at IS NULL OR expires_at > %(now)s) "
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
    run_id: UUID,
    *,
    worker_id: UUID,
    now: datetime,
    job: str | None = None,
    rate: RateLimit | None = None,
    is_guarded: bool = False,
) -> Run | Refusal:
    """Take a queued run (of `job`) for this worker: RUNNING, attempt + 1, token + 1; or say why not.

    The returned row is as it stands in the database. On refusal a run past its deadline ends, see `expire`; one
    that must wait loses its message and gets another when what it waits for has come. `is_guarded` says that it likely
    has a concurrency or rate key, and spares a statement where it has.
    """
    wish = Claim(run_id, worker_id, now, job)
    taken = claim_guarded(wish, rate) if is_guarded else first_of(_CLAIM, wish.columns())
    tries = 0
    while taken is None:
        run = Run.objects.filter(pk=run_id).first()
        if run is None:
            return Refusal.UNKNOWN
        refusal = _refusal(run, job, now) or _limited(run, rate, now) or _busy(run, tries)
        if refusal is not None:
            return refusal
        taken = claim_guarded(wish, rate)
        tries += 1
    return taken


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


def _refusal(run: Run, job: str | None, now: datetime) -> Refusal | None:
    if run.state != State.QUEUED or job not in (None, run.job):
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
    """Reserve a start to come where none is free now; a run that must wait for its start is refused once, never again.

    A start that is free is left to the claim, which takes it with the slot.
    """
    if rate is None or run.rate_key is None or run.rate_reserved:
        return None
    with transaction.atomic():
        bucket = locked_bucket(run.rate_key, now=now)
        start, following = rate.reserve(bucket.next_start_at, now=now)
        if start <= now:
            return None
        RateBucket.objects.filter(key=run.rate_key).update(next_start_at=following)
        return _put_back(run, Refusal.LIMITED, run_at=start, rate_reserved=True)


def _busy(run: Run, tries: int) -> Refusal | None:
    """Put a run back that finds no free slot; unless one is freed at that moment.

    Whoever frees one looks for those that were put back before, so none is left beside a free slot.
    """
    may_try = tries < _MOST_TRIES
    if may_try and _has_slot(run):
        return None
    _put_back(run, Refusal.BUSY)
    return None if may_try and _has_slot(run) else Refusal.BUSY


def _has_slot(run: Run) -> bool:
    if run.concurrency_key is None:
        return True
    held = Run.objects.unfinished().filter(state=State.RUNNING, concurrency_key=run.concurrency_key)
    return held.count() < run.concurrency_limit


def _put_back(run: Run, refusal: Refusal, **changes: Any) -> Refusal:
    queued = Run.objects.filter(pk=run.pk, state=State.QUEUED)
    queued.update(published_at=None, reason=refusal.value, **changes)
    return refusal
