"""What people and guards ask of a run: cancel it, skip it, replay it, discard it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from jobs.models import EarlierEnd, Run
from jobs.models.run import RunQuerySet
from jobs.states import State


def cancel(run_id: UUID, *, now: datetime, reason: str) -> bool:
    """Cancel a waiting run at once; False when it isn't waiting (see request_cancel for a running one)."""
    waiting = Run.objects.waiting().filter(pk=run_id)
    return bool(waiting.update(state=State.CANCELLED, finished_at=now, reason=reason[:200]))


def cancel_waiting(
    *, now: datetime, reason: str, sparing: UUID | None = None, most: int | None = None, **matching: Any
) -> int:
    """Cancel every waiting run that matches (concurrency_key=..., parent_id=...), or `most`; returns how many."""
    waiting = Run.objects.waiting().filter(**matching)
    others = waiting if sparing is None else waiting.exclude(pk=sparing)
    if most is not None:
        others = waiting.filter(pk__in=list(others.values_list("pk", flat=True)[:most]))
    return others.update(state=State.CANCELLED, finished_at=now, reason=reason[:200])


def request_cancel(run_id: UUID, *, now: datetime) -> bool:
    """Ask a running run to stop; it notices at its next checkpoint."""
    running = Run.objects.filter(pk=run_id, state=State.RUNNING, cancel_requested_at=None)
    return bool(running.update(cancel_requested_at=now))


def skip(run_id: UUID, *, reason: str, now: datetime) -> bool:
    """End a waiting run as SKIPPED; False when it isn't waiting."""
    waiting = Run.objects.filter(pk=run_id, state__in=[State.SCHEDULED, State.QUEUED])
    return bool(waiting.update(state=State.SKIPPED, finished_at=now, reason=reason[:200]))


def bring_forward(run_id: UUID, *, now: datetime) -> bool:
    """Let a run that waits for its time start now; False when it doesn't wait."""
    return bool(Run.objects.waiting().filter(pk=run_id, run_at__gt=now).update(run_at=now))


def reschedule(run_id: UUID, *, at: datetime) -> bool:
    """Let a run that waits for its time start at another, and its deadline move along; False when it doesn't wait."""
    waiting = Run.objects.filter(pk=run_id, state=State.SCHEDULED)
    run = waiting.only("run_at", "expires_at", "fire_at", "schedule_id").first()
    if run is None:
        return False
    deadline = run.expires_at and run.expires_at + (at - run.run_at)
    fire_at = at if run.fire_at and run.schedule_id is None else run.fire_at
    moved = {"run_at": at, "expires_at": deadline, "fire_at": fire_at, "reason": ""}
    return bool(waiting.filter(run_at=run.run_at).update(**moved))


def replay(run_id: UUID | str, *, now: datetime, **edits: Any) -> bool:
    """Enqueue a dead letter or a cancelled run again with a fresh count of attempts; `edits`: args, kwargs.

    The end it had stays counted. False when it is neither, or when another unfinished run has its unique key.
    """
    anew: dict[str, Any] = {
        "state": State.QUEUED,
        "run_at": now,
        "published_at": None,
        "finished_at": None,
        "resolved_at": None,
        "cancel_requested_at": None,
        "expires_at": None,
        "attempt": 0,
        "concurrency_slot": None,
        "reason": "replayed",
    }
    try:
        with transaction.atomic():
            ended = Run.objects.filter(pk=run_id, state__in=[State.FAILED, State.CANCELLED])
            _keep_end(ended)
            return bool(ended.update(**anew, **edits))
    except IntegrityError:
        return False


def discard(run_id: UUID, *, now: datetime) -> bool:
    """Close a dead letter without running it."""
    return bool(Run.objects.dead_letters().filter(pk=run_id).update(resolved_at=now))


def _keep_end(ended: RunQuerySet) -> None:
    """Leave the end that the rows are about to lose to the statistics."""
    columns = ("job", "queue", "state", "run_at", "started_at", "finished_at", "attempt", "cpu_seconds")
    rows = ended.filter(finished_at__isnull=False).values(*columns)
    EarlierEnd.objects.bulk_create([EarlierEnd(**row) for row in rows])
