"""Requests that wait hold a thread of the web process: so many may at once, and the others are answered at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from uuid import UUID

from jobs.conf import conf
from jobs.models import Run
from jobs.states import FINAL

POLL_SECONDS = 0.3


@cache
def places() -> threading.BoundedSemaphore:
    """Return this process's places for requests that wait."""
    return threading.BoundedSemaphore(conf().api_waiters)


@contextmanager
def waiting_place() -> Iterator[bool]:
    """Hold one of this process's places for requests that wait; False when all are taken."""
    taken = places().acquire(blocking=False)
    try:
        yield taken
    finally:
        if taken:
            places().release()


def wait_for_end(run_id: UUID, *, seconds: float) -> None:
    """Return when the run has ended, when time is up, or at once when no place is free."""
    deadline = time.monotonic() + seconds
    with waiting_place() as may_wait:
        while may_wait and time.monotonic() < deadline and not _has_ended(run_id):
            time.sleep(min(POLL_SECONDS, max(0.0, deadline - time.monotonic())))


def _has_ended(run_id: UUID) -> bool:
    return not Run.objects.filter(pk=run_id).exclude(state__in=FINAL).exists()
