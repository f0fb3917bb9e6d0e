"""Kills armed at named points: the first process that comes to an armed point takes the warrant and dies there."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from jobs import faultpoints
from tests.soak import effects


def arm(folder: Path, point: str, *, number: int) -> Path:
    """Let the next process that reaches `point` kill itself there."""
    path = folder / "warrants" / point.replace(" ", "-")
    path.mkdir(parents=True, exist_ok=True)
    warrant = path / str(number)
    warrant.touch()
    return warrant


def install() -> None:
    """Make this process, and what it forks, obey the warrants."""
    warrants = effects.folder() / "warrants"

    def strike(point: str) -> None:
        try:
            waiting = os.listdir(warrants / point.replace(" ", "-"))
        except FileNotFoundError:
            return
        for name in waiting:
            try:
                os.unlink(warrants / point.replace(" ", "-") / name)
            except FileNotFoundError:
                continue
            effects.append("faults", kind=f"kill at {point}", pids=[os.getpid()], parent=os.getppid())
            os.kill(os.getpid(), signal.SIGKILL)

    faultpoints.install(strike)
