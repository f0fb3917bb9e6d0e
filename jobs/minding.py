"""A thread that looks after the packs a process performs while a body keeps the performing thread busy."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn, Protocol

import structlog
from django.db import connection

from jobs.per_process import PerProcess

log = structlog.get_logger(__name__)

# A pack is looked after once it has lasted this long, and again as often.
LOOK_SECONDS = 0.025
# How long it looks on after the last pack: to be woken for each of those that follow would cost these some latency.
LINGER_SECONDS = 1.0
_EXIT_UNWRITTEN = 70


class Minded(Protocol):
    """What is looked after."""

    def mind(self) -> None:
        """Do what can't wait for the body that runs now."""


class Minder:
    """One process's thread; it holds a database connection no longer than a moment after the last pack."""

    def __init__(self) -> None:
        """Start with nothing; the thread starts with the first pack."""
        self._packs: dict[Minded, float] = {}
        """When each is to be looked after next."""
        self._sleeps = False
        self._minded_at = 0.0
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @contextmanager
    def minding(self, pack: Minded) -> Iterator[None]:
        """Look after the pack for the duration."""
        with self._changed:
            self._minded_at = time.monotonic()
            self._packs[pack] = self._minded_at + LOOK_SECONDS
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="packs", daemon=True)
                self._thread.start()
            elif self._sleeps:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                del self._packs[pack]

    def _look(self) -> None:
        while True:
            with self._changed:
                if not self._packs and time.monotonic() - self._minded_at > LINGER_SECONDS:
                    self._sleep()
                now = time.monotonic()
                self._changed.wait(max(0.0, min(self._packs.values(), default=now + LOOK_SECONDS) - now))
                due = self._due(at=time.monotonic())
            for pack in due:
                try:
                    pack.mind()
                except Exception as error:
                    give_up(error)

    def _due(self, *, at: float) -> list[Minded]:
        """Return what is to be looked after by then; each comes again after a while."""
        due = [pack for pack, next_at in self._packs.items() if next_at <= at]
        self._packs.update(dict.fromkeys(due, at + LOOK_SECONDS))
        return due

    def _sleep(self) -> None:
        """Wait for a pack, holding nothing meanwhile."""
        connection.close()
        self._sleeps = True
        self._changed.wait_for(lambda: self._packs)
        self._sleeps = False


def give_up(error: Exception) -> NoReturn:
    """End this process; its worker gives what it held back to the queue, each on its own."""
    log.critical("a pack can't go on, its process ends: its runs are rescued", exc_info=error)
    os._exit(_EXIT_UNWRITTEN)


minder = PerProcess(Minder)
