"""Lets go of runs whose process is gone without the pool having told: it died before the pool knew what it had begun.

Celery's pool gives such a message to another child, where the claim refuses it as a duplicate: the run is running
already, as far as its row says.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import structlog

from jobs import ledger, presence
from jobs.conf import conf
from jobs.ledger import Fence
from jobs.machine import Life, Process
from jobs.models import Run
from jobs.watch import Watch

log = structlog.get_logger(__name__)


class UnheardDeaths:
    """A worker's look at its own running runs, with every heartbeat; a beat gives back those it lets go of."""

    def __init__(self, children: Callable[[], list[int]]) -> None:
        """Take for living whatever pids `children()` names, and this process."""
        self._children = children
        self._watch = Watch[Fence](lease_seconds=conf().lease_seconds)

    def look(self, *, at: float) -> int:
        """Look once at monotonic time `at`; returns how many runs were let go of: nobody has had them for a lease."""
        living = {os.getpid(), *self._children()}
        mine = Run.objects.running().filter(worker_id=presence.worker_id(), waits_for="")
        held = mine.exclude(process_id__in=living).values_list("pk", "token", "process_id")
        unheard = {
            Fence(pk, token=token, process_id=pid): 0
            for pk, token, pid in held
            if pid is not None and Process.of(pid).life() is Life.GONE
        }
        gone = [fence for fence in self._watch.silent(unheard, at=at) if ledger.let_go(fence)]
        for fence in gone:
            log.warning("run's process is gone, letting go of it", run_id=str(fence.run_id), child=fence.process_id)
        return len(gone)
