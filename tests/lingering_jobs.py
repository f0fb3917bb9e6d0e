"""Jobs under test that go on until something stops them (a wish, a signal, a gate, memory), or go on elsewhere."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from celery import Task, current_app

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
def waits_at_gate_of_its_claim(name: str) -> int:
    """The same, at a gate of each claim's own; return which claim it was."""
    token = current_run().token
    waits_at_gate.run(f"{name}-{token}")
    return token


@job
def walks(steps: int) -> int:
    """Take the steps one by one: slowly in the first claim, so that it can be stopped in its midst."""
    run = current_run()
    note("begin", token=run.token)
    for step in run.iterate(range(steps)):
        note("step", number=step, token=run.token)
        time.sleep(0.05 if run.token == 1 else 0)
    return run.token


@job(retry=Retry(attempts=3, wait=0.0))
def grows(x: float) -> float:
    """Stay as it was before the deploy of tests/newer_jobs.py."""
    with noted_body():
        return x


@job(retry=Retry(attempts=1, lost_attempts=2))
def eats_memory(megabytes: int) -> int:
    """Take so much memory that the kernel has to act."""
    note("begin", attempt=current_run().attempt)
    return len(bytearray(b"\1") * (megabytes * 2**20))


@job(bind=True)
def retries_elsewhere(self: Task[..., Any], queue: str, priority: int, word: str) -> str:
    """Go on in another queue, and link a job that notes the word."""
    if self.request.retries == 0:
        link = current_app.signature("noted", (word,), immutable=True)
        raise self.retry(countdown=0, queue=queue, priority=priority, link=link, time_limit=50)
    return str((self.request.delivery_info or {}).get("routing_key"))


@job(bind=True)
def retries_with_wrong_arguments(self: Task[..., Any]) -> None:
    raise self.retry(countdown=0, kwargs={"unheard_of": 1})
