"""The queues as they stand now."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from celery import current_app
from django.db.models import Count, Min, Q
from django.utils import timezone

from jobs.errors import DaybookError
from jobs.models import Queue, Run
from jobs.models.run import QUEUED_PARTS
from jobs.queries.workers import live_workers
from jobs.states import State


class NoSuchQueueError(DaybookError):
    """No queue has that name."""


@dataclass(frozen=True, kw_only=True)
class QueueDetails:
    """A queue as it stands now."""

    name: str
    waiting: int
    running: int
    longest_wait_seconds: float | None
    workers: int
    paused_at: datetime | None
    paused_by: str


def all_queues() -> list[QueueDetails]:
    """Return the configured queues, and any other that runs or workers name."""
    now = timezone.now()
    rows = {row.name: row for row in Queue.objects.select_related("paused_by")}
    waiting, running = _per_queue(*QUEUED_PARTS), _per_queue(Q(state=State.RUNNING))
    served = Counter(name for worker in live_workers() for name in worker.queues)
    configured = queue_names()
    others = sorted({*rows, *waiting, *running, *served} - set(configured))
    return [
        QueueDetails(
            name=name,
            waiting=waiting[name][0] if name in waiting else 0,
            running=running[name][0] if name in running else 0,
            longest_wait_seconds=(now - waiting[name][1]).total_seconds() if name in waiting else None,
            workers=served[name],
            paused_at=rows[name].paused_at if name in rows else None,
            paused_by=str(rows[name].paused_by or "") if name in rows else "",
        )
        for name in [*configured, *others]
    ]


def find_queue(name: str) -> QueueDetails:
    """Return the queue of that name.

    Raises: NoSuchQueueError
    """
    queues = {queue.name: queue for queue in all_queues()}
    if name not in queues:
        raise NoSuchQueueError(f"there is no queue {name!r}; there are {', '.join(queues)}")
    return queues[name]


def queue_names() -> list[str]:
    """Return the names of the configured queues; where none are, Celery's default queue."""
    queues = current_app.conf.task_queues or [current_app.conf.task_default_queue]
    return [getattr(queue, "name", queue) for queue in queues]


def usable_queues() -> list[str]:
    """Return the names of the queues that are configured, or that a worker serves now."""
    configured = queue_names()
    return [*configured, *sorted({name for worker in live_workers() for name in worker.queues} - set(configured))]


def _per_queue(*parts: Q) -> dict[str, tuple[int, datetime]]:
    """Return by queue how many runs there are in these parts, and when the first was due; a statement for each part."""
    found: dict[str, tuple[int, datetime]] = {}
    for part in parts:
        rows = Run.objects.filter(part).order_by().values_list("queue").annotate(Count("pk"), Min("run_at"))
        for queue, runs, oldest_at in rows:
            before, since = found.get(queue, (0, oldest_at))
            found[queue] = before + runs, min(since, oldest_at)
    return found
