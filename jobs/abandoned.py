"""What becomes of a running run whose process can't say it: killed, crashed, out of time, or its node lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded, TimeLimitExceeded

from jobs import ledger
from jobs.ledger import Fence
from jobs.models import Run
from jobs.outcomes import LOST, Failure, describe, fingerprint, path_of
from jobs.policies import NO_RETRY, Retry

_LIMITS = (TimeLimitExceeded, SoftTimeLimitExceeded)


def alone(runs: Collection[Run]) -> set[UUID]:
    """Return which of the running runs were no part of a pack, or all of one: they took their process down."""
    held = Counter((run.worker_id, run.process_id) for run in runs)
    return {run.pk for run in runs if not run.is_packed or held[run.worker_id, run.process_id] == 1}


def conclude(run: Run, error: BaseException, fence: Fence, *, retry: Retry = NO_RETRY, was_alone: bool = True) -> bool:
    """Give the run another attempt where the policy leaves one, else fail it; `was_alone` in its process or not.

    True when it failed for good; False when it was given back or the fence no longer holds.
    """
    now = ledger.now()
    if isinstance(error, _LIMITS):
        failure, left, wait = describe(error), retry.allows(error, attempt=run.attempt), retry.backoff(run.attempt)
    else:
        failure = Failure(LOST, str(error)[:2000], fingerprint(LOST, run.job), path=path_of(error))
        left, wait = _times_lost(run) + 1 < retry.lost_attempts, timedelta(0)
    if left:
        # Nobody can say which run of a pack took its process down: each goes on alone, and none pays for the others.
        packed: dict[str, Any] = {"is_packed": False} if run.is_packed else {}
        ledger.try_again(fence, failure, at=now + wait, now=now, reason=failure.kind, spends=was_alone, **packed)
        return False
    return ledger.fail(fence, failure, now=now)


def do_again(fence: Fence, error: BaseException) -> bool:
    """Give a run back whose body returned but whose end the database did not take in time: not the job's failure."""
    now, failure = ledger.now(), describe(error, is_infrastructure=True)
    return ledger.try_again(fence, failure, at=now, now=now, spends=False, reason="its end was not stored")


def _times_lost(run: Run) -> int:
    entries: list[dict[str, Any]] = run.attempts
    return sum(1 for entry in entries if entry.get("kind") == LOST)
