"""Ends a pool's children that were stopped for a lease: a frozen one holds its run, its slot and its locks for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

from jobs.conf import conf
from jobs.machine import Life, Process
from jobs.watch import Watch

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0


class FrozenChildren:
    """A worker's look at its own children, every second; the pool replaces what it ends, and the run is lost."""

    def __init__(self, children: Callable[[], list[int]]) -> None:
        """Watch whatever pids `children()` names."""
        self._children = children
        self._watch = Watch[Process](lease_seconds=conf().lease_seconds)

    def start(self) -> None:
        """Watch from a thread of its own until the process ends."""
        threading.Thread(target=self._run, name="frozen children", daemon=True).start()

    def look(self, *, at: float) -> list[int]:
        """Look once at monotonic time `at`; returns the pids that were ended."""
        processes = [Process.of(pid) for pid in self._children()]
        stopped = {process: process.ticks() for process in processes if process.life() is Life.STOPPED}
        return [process.pid for process in self._watch.silent(stopped, at=at) if process.kill()]

    def _run(self) -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            for pid in self.look(at=time.monotonic()):
                log.warning("child was stopped for a lease, ended", child=pid)
