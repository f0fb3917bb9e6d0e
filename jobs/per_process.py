"""One object of a kind per process, made when it is first asked for: a forked child has no thread of its parent's."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class PerProcess(Generic[T]):
    """This process's own object of a kind."""

    def __init__(self, make: Callable[[], T]) -> None:
        """Make nothing yet."""
        self._make = make
        self._made: tuple[int, T] | None = None

    def __call__(self) -> T:
        """Return this process's own."""
        made = self.made()
        if made is None:
            made = self._make()
            self._made = os.getpid(), made
        return made

    def made(self) -> T | None:
        """Return this process's own if it was ever asked for."""
        return self._made[1] if self._made is not None and self._made[0] == os.getpid() else None
