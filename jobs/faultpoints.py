"""Named points in a run's life where a fault test may strike; in production reaching one costs a function call."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable

POINTS = (
    *("before claim", "after claim", "after body", "before settle", "in settle", "after settle", "before publish"),
    *("in fire", "after fire"),
)
VARIABLE = "DAYBOOK_KILL_POINTS"


def _nothing(point: str) -> None:
    """Go on."""


def _from_environment() -> Callable[[str], None]:
    """Return what DAYBOOK_KILL_POINTS ("point=chance,...") asks for: kill this process there with that chance."""
    chances = dict(part.rsplit("=", 1) for part in os.environ[VARIABLE].split(","))
    unknown = set(chances) - set(POINTS)
    if unknown:
        raise ValueError(f"unknown fault points {sorted(unknown)}; known are {POINTS}")
    dice = random.Random(os.urandom(8))  # noqa: S311 - forked children must not draw alike

    def strike(point: str) -> None:
        if point in chances and dice.random() < float(chances[point]):
            os.kill(os.getpid(), signal.SIGKILL)

    return strike


_strike: Callable[[str], None] = _from_environment() if os.environ.get(VARIABLE) else _nothing


def reach(point: str) -> None:
    """Tell that the process has come to `point`."""
    _strike(point)


def install(strike: Callable[[str], None] | None) -> None:
    """Call `strike` at every point reached in this process from now on; None ends that."""
    global _strike  # noqa: PLW0603 - one hook per process
    _strike = strike or _nothing
