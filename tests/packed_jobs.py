"""Jobs under test that are performed in packs."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from celery import Task

from jobs import Retry, current_run, faultpoints, job
from jobs.models import Run
from jobs.states import State
from tests.notes import note, noted_body

BOUND_SECONDS = 10.0
ended_at_start: list[int] = []


@job(pack=100)
def packed(label: str = "", seconds: float = 0.0) -> str:
    with noted_body(label=label):
        time.sleep(seconds)
    return label


@job(pack=100, retry=Retry(attempts=3, wait=0.01))
def packed_fails_until(attempt: int) -> int:
    note("body", attempt=current_run().attempt)
    if current_run().attempt < attempt:
        raise ValueError(f"attempt {current_run().attempt}")
    return current_run().attempt


@job(pack=100, retry=Retry(attempts=1, lost_attempts=2))
def packed_kills_itself(label: str = "", kills: bool = False) -> str:
    note("begin", label=label, token=current_run().token)
    if kills:
        os.kill(os.getpid(), signal.SIGKILL)
    return label


@job(pack=100)
def packed_breaks_its_pack(label: str = "", breaks: bool = False) -> str:
    note("begin", label=label, token=current_run().token)
    if breaks:
        faultpoints.install(_break)
    return label


def _break(point: str) -> None:
    if point == "after claim":
        raise RuntimeError("a fault of the engine's own")


@job(pack=100, bind=True)
def packed_tells_its_request(self: Task[..., Any]) -> dict[str, Any]:
    return {"id": self.request.id, "run": str(current_run().id), "correlation_id": current_run().correlation_id}


@job
def looks_who_has_ended(label: str, seconds: float = 0.0, patient: bool = False) -> None:
    """Note how many runs have ended by now; where it is patient, once one has, or when time is up."""
    deadline = time.monotonic() + BOUND_SECONDS
    while patient and not _ended() and time.monotonic() < deadline:
        time.sleep(0.005)
    ended_at_start.append(_ended())
    time.sleep(seconds)


def _ended() -> int:
    return Run.objects.filter(job=current_run().job, state=State.SUCCESS).count()
