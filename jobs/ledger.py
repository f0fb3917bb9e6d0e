"""The only writer of runs: every change of state is here, conditional on the state and the fencing token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from jobs.conf import conf
from jobs.dialect import claimable
from jobs.models import Queue, Run
from jobs.outcomes import Failure
from jobs.states import FINAL, State, sources_of


class Refusal(StrEnum):
    """Why a message did not become an attempt."""

    UNKNOWN = "no such run"
    STALE = "not queued: a duplicate, cancelled or finished"
    PAUSED = "queue paused"
    BUSY = "concurrency limit reached"
    EXPIRED = "not started before its deadline"


@dataclass(frozen=True, slots=True)
class Fence:
    """Who may still change a running run: the holder of its token, or the node that runs it."""

    run_id: UUID
    token: int | None = None
    worker_id: UUID | None = None

    def condition(self) -> Q:
        """Return what must still hold in the row."""
        return Q(token=self.token) if self.token is not None else Q(worker_id=self.worker_id)


@dataclass(frozen=True, slots=True)
class Usage:
    """What an attempt used: CPU in seconds, peak memory of its process in bytes."""

    cpu_seconds: float | None = None
    max_rss: int | None = None


NO_USAGE = Usage()


def enqueue(run: Run) -> tuple[Run, bool]:
    """Insert the run in the caller's transaction; returns the row in force and whether it is this one.

    A run with the same id, tick or unfinished unique key wins over the new one.
    """
    if run.unique_key is None and run.fire_at is None and run.pk is None:
        run.save(force_insert=True)
        return run, True
    Run.objects.bulk_create([run], ignore_conflicts=True)
    if run.unique_key is not None:
        found = Run.objects.unfinished().filter(unique_key=run.unique_key).first()
        return (found or run), found is None or found.pk == run.pk
    found = Run.objects.filter(pk=run.pk).first()
    return (found or run), found is not None and found.created_at == run.created_at


def enqueue_many(runs: Sequence[Run]) -> None:
    """Insert many runs in a few statements; those that exist already stay as they are."""
    Run.objects.bulk_create(runs, batch_size=500, ignore_conflicts=True)


def claim(run_id: UUID, *, worker_id: UUID, now: datetime) -> Run | Refusal:
    """Take a queued run for this worker: RUNNING, attempt + 1, token + 1; or say why not.

    The returned row is as it stands in the database. Nothing changes on refusal but a run past its deadline (SKIPPED)
    and one that must wait (its message is forgotten, the dispatcher will send another).
    """
    run = Run.objects.filter(pk=run_id).first()
    if run is None:
        return Refusal.UNKNOWN
    if run.state != State.QUEUED:
        return Refusal.STALE
    if run.expires_at is not None and run.expires_at <= now:
        skip(run_id, reason=Refusal.EXPIRED, now=now)
        return Refusal.EXPIRED
    if Queue.objects.filter(name=run.queue, paused_at__isnull=False).exists():
        return _put_back(run, Refusal.PAUSED)
    changes: dict[str, Any] = {
        "state": State.RUNNING,
        "attempt": run.attempt + 1,
        "token": run.token + 1,
        "worker_id": worker_id,
        "started_at": now,
        "reason": "",
    }
    return _claim_slot(run, changes) if run.concurrency_key else _claim(run, changes)


def _claim(run: Run, changes: dict[str, Any]) -> Run | Refusal:
    if not Run.objects.filter(pk=run.pk, state=State.QUEUED, token=run.token).update(**changes):
        return Refusal.STALE
    for name, value in changes.items():
        setattr(run, name, value)
    return run


def _claim_slot(run: Run, changes: dict[str, Any]) -> Run | Refusal:
    taken = set(
        Run.objects.running().filter(concurrency_key=run.concurrency_key).values_list("concurrency_slot", flat=True)
    )
    for slot in range(run.concurrency_limit):
        if slot not in taken:
            try:
                with transaction.atomic():
                    return _claim(run, {**changes, "concurrency_slot": slot})
            except IntegrityError:
                continue
    return _put_back(run, Refusal.BUSY)


def _put_back(run: Run, refusal: Refusal) -> Refusal:
    Run.objects.filter(pk=run.pk, state=State.QUEUED).update(published_at=None, reason=refusal.value)
    return refusal


def succeed(fence: Fence, *, now: datetime, usage: Usage = NO_USAGE) -> bool:
    """Finish a running run with SUCCESS; False when the fence no longer holds."""
    return _finish(fence, State.SUCCESS, now=now, usage=usage)


def fail(fence: Fence, failure: Failure, *, now: datetime, usage: Usage = NO_USAGE) -> bool:
    """Finish a running run with FAILED: a dead letter; False when the fence no longer holds."""
    with transaction.atomic():
        return _log_attempt(fence, failure, now) and _finish(
            fence, State.FAILED, now=now, usage=usage, **_error_columns(failure)
        )


def stop(fence: Fence, *, now: datetime, reason: str, usage: Usage = NO_USAGE) -> bool:
    """Finish a running run with CANCELLED; False when the fence no longer holds."""
    return _finish(fence, State.CANCELLED, now=now, usage=usage, reason=reason)


def try_again(  # noqa: PLR0913 - the parts of one decision
    fence: Fence,
    failure: Failure | None,
    *,
    at: datetime,
    now: datetime,
    spends: bool = True,
    reason: str = "",
    usage: Usage = NO_USAGE,
    **edits: Any,
) -> bool:
    """Give a running run back for another attempt at `at`; one that doesn't spend leaves the attempt count as it was.

    `edits` may hold new args and kwargs. False when the fence no longer holds.
    """
    error = {} if failure is None else _error_columns(failure)
    with transaction.atomic():
        if failure is not None and not _log_attempt(fence, failure, now):
            return False
        return _move(
            fence,
            State.RETRYING,
            run_at=at,
            published_at=None,
            concurrency_slot=None,
            attempt=F("attempt") if spends else F("attempt") - 1,
            reason=reason[:200],
            **vars_of(usage),
            **error,
            **edits,
        )


def cancel(run_id: UUID, *, now: datetime, reason: str) -> bool:
    """Cancel a waiting run at once; False when it isn't waiting (see request_cancel for a running one)."""
    return bool(
        Run.objects.filter(pk=run_id, state__in=sources_of(State.CANCELLED) - {State.RUNNING}).update(
            state=State.CANCELLED, finished_at=now, reason=reason[:200]
        )
    )


def request_cancel(run_id: UUID, *, now: datetime) -> bool:
    """Ask a running run to stop; it notices at its next checkpoint."""
    return bool(
        Run.objects.filter(pk=run_id, state=State.RUNNING, cancel_requested_at=None).update(cancel_requested_at=now)
    )


def skip(run_id: UUID, *, reason: str, now: datetime) -> bool:
    """End a waiting run as SKIPPED; False when it isn't waiting."""
    return bool(
        Run.objects.filter(pk=run_id, state__in=sources_of(State.SKIPPED)).update(
            state=State.SKIPPED, finished_at=now, reason=reason[:200]
        )
    )


def replay(run_id: UUID, *, now: datetime, **edits: Any) -> bool:
    """Enqueue a dead letter or a cancelled run again with a fresh count of attempts; `edits` as in try_again."""
    return bool(
        Run.objects.filter(pk=run_id, state__in=[State.FAILED, State.CANCELLED]).update(
            state=State.QUEUED,
            run_at=now,
            published_at=None,
            finished_at=None,
            resolved_at=None,
            cancel_requested_at=None,
            attempt=0,
            concurrency_slot=None,
            reason="replayed",
            **edits,
        )
    )


def discard(run_id: UUID, *, now: datetime) -> bool:
    """Close a dead letter without running it."""
    return bool(Run.objects.dead_letters().filter(pk=run_id).update(resolved_at=now))


def release_due(*, now: datetime, limit: int) -> int:
    """Move scheduled and retrying runs whose time has come to QUEUED, to be published; returns how many."""
    with transaction.atomic():
        due = Run.objects.filter(state__in=[State.SCHEDULED, State.RETRYING], run_at__lte=now).order_by("run_at")
        ids = list(claimable(due).values_list("pk", flat=True)[:limit])
        return Run.objects.filter(pk__in=ids, state__in=[State.SCHEDULED, State.RETRYING]).update(
            state=State.QUEUED, published_at=None
        )


def release(run_id: UUID, *, now: datetime) -> bool:
    """Move one due run to QUEUED for the process that asks; as if published, so that no other is rung for it."""
    due = Run.objects.filter(pk=run_id, state__in=[State.SCHEDULED, State.RETRYING], run_at__lte=now)
    return bool(due.update(state=State.QUEUED, published_at=now))


def note_waiting(run_id: UUID | str, *, reason: str) -> None:
    """Note why a queued run waits; changes nothing else."""
    Run.objects.filter(pk=run_id, state=State.QUEUED).update(reason=reason[:200])


def mark_published(ids: Sequence[UUID], *, now: datetime) -> None:
    """Note that these queued runs have a message at the broker (or are about to)."""
    Run.objects.filter(pk__in=ids, state=State.QUEUED).update(published_at=now)


def mark_unpublished(ids: Sequence[UUID], *, reason: str = "") -> None:
    """Note that these queued runs have no message; the dispatcher sends one as soon as it can."""
    Run.objects.filter(pk__in=ids, state=State.QUEUED).update(published_at=None, reason=reason[:200])


def _finish(fence: Fence, state: State, *, now: datetime, usage: Usage, **changes: Any) -> bool:
    assert state in FINAL
    return _move(fence, state, finished_at=now, concurrency_slot=None, **vars_of(usage), **changes)


def _move(fence: Fence, target: State, **changes: Any) -> bool:
    running = Run.objects.filter(fence.condition(), pk=fence.run_id, state=State.RUNNING)
    return running.update(state=target, **changes) == 1


def _log_attempt(fence: Fence, failure: Failure, now: datetime) -> bool:
    rows = Run.objects.filter(fence.condition(), pk=fence.run_id, state=State.RUNNING)
    run = claimable(rows).only("attempts", "attempt", "started_at", "worker_id").first()
    if run is None:
        return False
    entry = {
        "attempt": run.attempt,
        "started_at": run.started_at and run.started_at.isoformat(),
        "ended_at": now.isoformat(),
        "worker": str(run.worker_id or ""),
        "kind": failure.kind,
        "message": failure.message[:500],
        "trace": failure.trace[-2000:],
    }
    kept = [*run.attempts, entry][-conf().attempts_kept :]
    return rows.update(attempts=kept) == 1


def _error_columns(failure: Failure) -> dict[str, str]:
    return {
        "error_kind": failure.kind[:200],
        "error_message": failure.message,
        "error_fingerprint": failure.fingerprint,
    }


def vars_of(usage: Usage) -> dict[str, Any]:
    """Return the usage as columns."""
    return {"cpu_seconds": usage.cpu_seconds, "max_rss": usage.max_rss}


def now() -> datetime:
    """Return the time, aware, in UTC."""
    return timezone.now()


def is_cancel_requested(fence: Fence) -> bool:
    """Whether a running run shall stop: a person asked, or it is no longer this attempt's."""
    rows = Run.objects.filter(fence.condition(), pk=fence.run_id, state=State.RUNNING)
    return not rows.filter(cancel_requested_at=None).exists()


def note(fence: Fence, **values: Any) -> bool:
    """Write progress or checkpoint of a running run; False when the fence no longer holds."""
    return bool(Run.objects.filter(fence.condition(), pk=fence.run_id, state=State.RUNNING).update(**values))
