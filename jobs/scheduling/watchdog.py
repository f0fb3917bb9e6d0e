"""Ends a beat one of whose lanes no longer moves, so that its supervisor starts it anew."""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
import time
from collections.abc import Sequence

import structlog

from jobs.scheduling.lane import Lane
from jobs.watch import Watch

log = structlog.get_logger(__name__)

EXIT_WEDGED = 71
LOOK_SECONDS = 1.0


class Watchdog:
    """Looks at the lanes every second, from a thread that needs neither database nor broker."""

    def __init__(self, lanes: Sequence[Lane], *, seconds: float) -> None:
        """Watch `lanes`: each must move on within `seconds`."""
        self._lanes = lanes
        self._watch = Watch[str](lease_seconds=seconds)
        self._ended = threading.Event()

    def start(self) -> None:
        """Watch until `end`."""
        threading.Thread(target=self._run, name="beat watchdog", daemon=True).start()

    def end(self) -> None:
        """Watch no longer."""
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            wedged = self._watch.silent({lane.name: lane.moves for lane in self._lanes}, at=time.monotonic())
            for lane in self._lanes:
                if lane.name in wedged:
                    self._give_up(lane)

    def _give_up(self, lane: Lane) -> None:
        """End the process: a thread that hangs in a call can't be ended alone."""
        log.critical("beat is wedged, ending it", lane=lane.name, role=lane.current)
        if sys.__stderr__ is not None:
            faulthandler.dump_traceback(sys.__stderr__, all_threads=True)
        os._exit(EXIT_WEDGED)
