"""What a person may ask of a queue: pause it, resume it, purge it."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from django.utils import timezone

from jobs import audit, ledger
from jobs.models import Queue

BATCH = 1000


def pause_queue(name: str, *, by: AbstractBaseUser | None) -> bool:
    """Start nothing more from the queue until resumed, what runs goes on; False when it is paused already."""
    row, _ = Queue.objects.get_or_create(name=name)
    open_rows = Queue.objects.filter(pk=row.pk, paused_at=None)
    return _noted("pause queue", name, open_rows.update(paused_at=timezone.now(), paused_by=by), paused=True)


def resume_queue(name: str) -> bool:
    """Let the queue's runs start again; False when it isn't paused."""
    paused = Queue.objects.filter(pk=name).exclude(paused_at=None)
    return _noted("resume queue", name, paused.update(paused_at=None, paused_by=None), paused=False)


def purge_queue(name: str, *, by: str) -> int:
    """Cancel every run enqueued to the queue so far that hasn't started, retries included; returns how many.

    Batch by batch, so that SQLite's only writer isn't held up by a long backlog.
    """
    now, reason, cancelled = ledger.now(), f"queue purged by {by}", 0
    while count := ledger.cancel_waiting(now=now, reason=reason, most=BATCH, queue=name, created_at__lte=now):
        cancelled += count
    audit.note("purge queue", name, after={"cancelled": cancelled})
    return cancelled


def _noted(action: str, name: str, changed: int, *, paused: bool) -> bool:
    if changed:
        audit.note(action, name, before={"paused": not paused}, after={"paused": paused})
    return bool(changed)
