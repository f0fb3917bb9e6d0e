"""Good ends of runs, laid down one by one and written together, each with its result."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from functools import partial

import structlog

from jobs import faultpoints, ledger, machine
from jobs.conf import conf
from jobs.dialect import patiently
from jobs.ledger import Success

log = structlog.get_logger(__name__)


class Tray:
    """What one process has finished and not yet written; may be flushed from another thread.

    `cpu_seconds` is what the process had used when it last finished or wrote something: where the next run begins.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self.cpu_seconds = machine.spent().cpu_seconds
        self._ends: list[Success] = []
        self._oldest_at = 0.0
        self._lock = threading.Lock()
        self._writing = threading.Lock()

    def add(self, end: Success) -> None:
        """Lay down one end."""
        with self._lock:
            if not self._ends:
                self._oldest_at = time.monotonic()
            self._ends.append(end)

    def age(self) -> float:
        """Return how many seconds the oldest end has lain here."""
        with self._lock:
            return time.monotonic() - self._oldest_at if self._ends else 0.0

    def flush(self) -> None:
        """Write what lies here, waiting for a database that is away; returns once nothing of it is unwritten."""
        with self._writing:
            with self._lock:
                ends, self._ends = self._ends, []
            if ends:
                write(ends)
                self.cpu_seconds = machine.spent().cpu_seconds


def write(ends: Sequence[Success]) -> None:
    """Finish the runs and store their results, waiting for a database that is away; stale ends change nothing."""
    faultpoints.reach("before settle")
    succeed = partial(ledger.succeed_many, ends)
    held = patiently(succeed, seconds=conf().database_patience_seconds, what="settle")
    for run_id in [end.fence.run_id for end in ends if end.fence.run_id not in held]:
        log.warning("a stale end changed nothing", run_id=str(run_id))
    faultpoints.reach("after settle")
