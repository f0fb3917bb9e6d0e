"""Waiting for what other processes do: a bounded poll, never a sleep of fixed length."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol, TypeVar

import pytest

Value = TypeVar("Value")
PAUSE_SECONDS = 0.05


class Eventually(Protocol):
    """The type of the fixture."""

    def __call__(self, ask: Callable[[], Value], *, within: float = 10.0) -> Value:
        """Return the first true answer, or fail."""


def poll(ask: Callable[[], Value], *, within: float = 10.0) -> Value:
    """Return the first true answer of `ask`.

    Raises:
        AssertionError: none came within that many seconds; the last one is told.
    """
    deadline = time.monotonic() + within
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"still {answer!r} after {within:g} s"
        time.sleep(PAUSE_SECONDS)
    return answer


@pytest.fixture
def eventually() -> Eventually:
    """Poll until something is so."""
    return poll
