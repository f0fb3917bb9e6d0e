"""Jobs under test that go on until something stops them: a wish, a signal, a gate that opens, or their memory."""

from __future__ import annotations

import os
import time
from pathlib import Path

from jobs import Retry, current_run, job
from tests.notes import note, noted_body

PATIENCE_SECONDS = 60.0


def gate(name: str) -> Path:
    """Return the file that opens a gate."""
    return Path(os.environ["NOTES"]).with_name(f"gate-{name}")


@job
def waits_at_gate(name: str) -> str:
    """End once the gate is open; deaf to every wish."""
    with noted_body():
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not gate(name).exists() and time.monotonic() < deadline:
            time.sleep(0.02)
    return name


@job
def walks(steps: int) -> int:
    """Take the steps one by one: slowly in the first claim, so that it can be stopped in its midst."""
    run = current_run()
    note("begin", token=run.token)
    for step in run.iterate(range(steps)):
        note("step", number=step, token=run.token)
        time.sleep(0.05 if run.token == 1 else 0)
    return run.token


@job(retry=Retry(attempts=1, lost_attempts=2))
def eats_memory(megabytes: int) -> int:
    """Take so much memory that the kernel has to act."""
    note("begin", attempt=current_run().attempt)
    return len(bytearray(b"\1") * (megabytes * 2**20))
