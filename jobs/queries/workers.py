"""Who reports in: workers, beats and commands, by their heartbeats."""

from __future__ import annotations

from django.utils import timezone

from jobs.conf import conf
from jobs.models import Worker


def live_workers() -> list[Worker]:
    """Return the Celery workers that report in."""
    reporting = Worker.objects.filter(kind=Worker.Kind.WORKER, stopped_at=None, lost_at=None)
    return [worker for worker in reporting if worker_state(worker) == "alive"]


def worker_state(worker: Worker) -> str:
    """Return whether the worker is alive, late (silent beyond the lease), stopped or lost."""
    if worker.lost_at:
        return "lost"
    if worker.stopped_at:
        return "stopped"
    silent = (timezone.now() - worker.heartbeat_at).total_seconds()
    return "late" if silent > conf().lease_seconds else "alive"


def all_workers(*, ended: bool = False) -> list[Worker]:
    """Return the nodes that should be there, by kind and name; with `ended` also those that stopped or were lost."""
    rows = Worker.objects.order_by("kind", "name", "-started_at")
    return list(rows if ended else rows.filter(stopped_at=None, lost_at=None))
