"""What the jobs left in the mark file, and the figures made of it."""

from __future__ import annotations

import time
from pathlib import Path

from bench.peers.marking import RECORD
from bench.processes import Tree

PAUSE_SECONDS = 0.02


def read(path: Path) -> list[tuple[float, float]]:
    """Return (asked for, ran) of every job, oldest first."""
    data = path.read_bytes()
    whole = data[: len(data) // RECORD.size * RECORD.size]
    return sorted(RECORD.iter_unpack(whole), key=lambda mark: mark[1])


def count(path: Path) -> int:
    """Return how many jobs have run."""
    return path.stat().st_size // RECORD.size


def wait_for(path: Path, jobs: int, tree: Tree, *, seconds: float) -> None:
    """Wait until that many jobs have run.

    Raises: RuntimeError when they don't within the time, or the workers have ended.
    """
    deadline = time.monotonic() + seconds
    while count(path) < jobs:
        if time.monotonic() > deadline or not tree.is_alive():
            raise RuntimeError(f"only {count(path)} of {jobs} jobs ran\n{tree.tail()}")
        time.sleep(PAUSE_SECONDS)
