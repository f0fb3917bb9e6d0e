"""An answer that may be long in coming: asked for beside whoever needs it, and told as it was moments ago."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Thread
from typing import Generic, TypeVar

T = TypeVar("T")


class Lately(Generic[T]):
    """What a function last answered; asked for anew by the first who needs it once it is too old."""

    def __init__(self, ask: Callable[[], T], *, fresh_seconds: float, patience_seconds: float) -> None:
        """Ask nothing yet; `ask` must not need the database, whose connections belong to threads."""
        self._ask, self._fresh_seconds, self._patience_seconds = ask, fresh_seconds, patience_seconds
        self._asking: _Asking[T] | None = None

    def __call__(self) -> T | None:
        """Return the answer, at most `fresh_seconds` old; None while none has come within `patience_seconds`."""
        asking = self._asking
        if asking is None or asking.is_over(at=time.monotonic(), fresh_seconds=self._fresh_seconds):
            asking = self._asking = _Asking(self._ask)
        asking.wait(until=asking.begun_at + self._patience_seconds)
        return asking.answer

    def forget(self) -> None:
        """Ask anew next time."""
        self._asking = None


class _Asking(Generic[T]):
    def __init__(self, ask: Callable[[], T]) -> None:
        self.answer: T | None = None
        self.begun_at = self._ended_at = time.monotonic()
        self._ask = ask
        self._thread = Thread(target=self._run, name="asks lately", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self.answer = self._ask()
        self._ended_at = time.monotonic()

    def wait(self, *, until: float) -> None:
        self._thread.join(max(0.0, until - time.monotonic()))

    def is_over(self, *, at: float, fresh_seconds: float) -> bool:
        """Whether it has ended too long ago, or its thread was left behind by a fork."""
        return not self._thread.is_alive() and at - self._ended_at > fresh_seconds
