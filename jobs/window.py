"""How much of a queue's backlog may be at the broker; the rest waits in the database.

So priority, fairness, limits and pausing act at once, however long the backlog is.
"""

from __future__ import annotations

import time

from django.utils import timezone

from jobs.conf import conf
from jobs.models import Queue, Run, Worker
from jobs.models.run import BY_TENANT
from jobs.states import State

_REFRESH_SECONDS = 0.25
_seen: dict[str, tuple[float, int]] = {}


def has_room(queue: str) -> bool:
    """Whether a run enqueued now may be published at once; asks the database a few times a second at most."""
    at, room = _seen.get(queue, (float("-inf"), 0))
    if time.monotonic() - at > _REFRESH_SECONDS:
        at, room = time.monotonic(), _room(queue)
    _seen[queue] = (at, room - 1)
    return room > 0


def published(queue: str) -> int:
    """Return how many queued runs have a message at the broker."""
    return Run.objects.filter(queue=queue, state=State.QUEUED, published_at__isnull=False).count()


def _room(queue: str) -> int:
    """Return the free places; none while the queue is paused, or others wait for the dispatcher before this one."""
    waiting = Run.objects.filter(
        queue=queue,
        state=State.QUEUED,
        published_at=None,
        is_packed=False,
        concurrency_key=None,
        run_at__lte=timezone.now(),
    )
    is_paused = Queue.objects.filter(name=queue, paused_at__isnull=False).exists()
    if is_paused or (waiting.any_in_order(*BY_TENANT) and _has_dispatcher()):
        return 0
    return conf().window - published(queue)


def _has_dispatcher() -> bool:
    """Whether a beat reports; without one, waiting behind others would be waiting for ever."""
    return Worker.objects.reporting(Worker.Kind.BEAT, now=timezone.now()).exists()
