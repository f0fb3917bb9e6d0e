"""Duties of beat that are performed one after another; lanes go on beside each other, each with its own connection.

So a broker that hangs holds up the one lane that talks to it, and neither the rescue of runs nor the schedules.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import connection

from jobs import ledger
from jobs.publish import leave_to_dispatcher
from jobs.scheduling.role import EAGER_SECONDS, Role

LONGEST_WAIT_SECONDS = 0.5


class Lane:
    """Some roles in their order."""

    def __init__(
        self, name: str, roles: list[Role], *, publishes: bool = False, after_finding: Callable[[], None] = lambda: None
    ) -> None:
        """Name the roles; `after_finding` is called when one of them found something to do."""
        self.name, self.moves, self.current = name, 0, ""
        self._roles, self._publishes, self._after_finding = roles, publishes, after_finding
        self._due = time.monotonic()
        self._woken, self._ended = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def late_seconds(self) -> float:
        """How long it has been due, or in one and the same role."""
        return max(0.0, time.monotonic() - self._due)

    def perform(self) -> float:
        """Perform every role that is due; returns the seconds until the next one is."""
        for role in self._roles:
            if time.monotonic() < role.due:
                continue
            self.moves, self.current, self._due = self.moves + 1, role.name, time.monotonic()
            if role.perform(ledger.now()):
                self._after_finding()
        self.moves, self.current = self.moves + 1, ""
        due = min(role.due for role in self._roles) - time.monotonic()
        wait = max(EAGER_SECONDS / 2, min(LONGEST_WAIT_SECONDS, due))
        self._due = time.monotonic() + wait
        return wait

    def hurry(self) -> None:
        """Let the eager roles be performed at once; from any thread."""
        self._woken.set()

    def settle_in(self, app: Any) -> None:
        """Make the calling thread this lane's."""
        app.set_current()
        if not self._publishes:
            leave_to_dispatcher()

    def start(self, app: Any) -> None:
        """Perform the roles in a thread of their own until `end`."""
        self._thread = threading.Thread(target=self._run, args=(app,), name=f"beat {self.name}", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """End after the role it is in."""
        self._ended.set()
        self._woken.set()

    def wait_for_end(self, *, until: float) -> None:
        """Wait for its end, at most until that monotonic time."""
        if self._thread is not None:
            self._thread.join(max(0.0, until - time.monotonic()))

    def _run(self, app: Any) -> None:
        self.settle_in(app)
        while not self._ended.is_set():
            if self._woken.wait(self.perform()):
                self._woken.clear()
                self._make_eager_due()
        connection.close()

    def _make_eager_due(self) -> None:
        for role in self._roles:
            if role.eager:
                role.due = 0.0
