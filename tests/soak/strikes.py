"""Faults armed at named points: the first process that comes to an armed point takes the warrant and suffers it."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from jobs import faultpoints
from tests.soak import effects

KILL, FREEZE = "kill", "freeze"
FREEZE_SECONDS = 11.0


def arm(folder: Path, act: str, point: str, *, number: int) -> None:
    """Let the next process that reaches `point` be killed, or frozen with its whole group, there."""
    path = folder / "warrants" / point.replace(" ", "-")
    path.mkdir(parents=True, exist_ok=True)
    (path / f"{act} {number}").touch()


def install() -> None:
    """Make this process, and what it forks, obey the warrants."""
    warrants = effects.folder() / "warrants"

    def strike(point: str) -> None:
        path = warrants / point.replace(" ", "-")
        try:
            waiting = os.listdir(path)
        except FileNotFoundError:
            return
        for name in waiting:
            try:
                os.unlink(path / name)
            except FileNotFoundError:
                continue
            (_kill if name.startswith(KILL) else _freeze)(point)

    faultpoints.install(strike)


def group() -> list[int]:
    """Return the processes of this process's group."""
    mine = os.getpgrp()
    return [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit() and _group_of(each) == mine]


def _kill(point: str) -> None:
    effects.append("faults", kind=f"kill at {point}", pids=[os.getpid()], parent=os.getppid())
    os.kill(os.getpid(), signal.SIGKILL)


def _freeze(point: str) -> None:
    mine = os.getpgrp()
    effects.append("faults", kind=f"freeze at {point}", pids=group(), parent=os.getppid())
    words = ["sh", "-c", f"sleep {FREEZE_SECONDS}; kill -s CONT -- -{mine}"]
    subprocess.Popen(words, start_new_session=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.killpg(mine, signal.SIGSTOP)


def _group_of(process: Path) -> int:
    try:
        return os.getpgid(int(process.name))
    except ProcessLookupError:
        return 0
