"""The task behind a bell's message: what it does is in jobs/pack.py; it is no job and leaves no run."""

from __future__ import annotations

from typing import Any

from celery import Task, shared_task

from jobs import pack
from jobs.bell_message import TASK, Key


@shared_task(
    name=TASK,
    base=Task,
    bind=True,
    ignore_result=True,
    send_events=False,
    acks_late=False,
    Request="jobs.parcel:Request",
)
def bell(self: Any, *, queue: str, job: str) -> int:
    """Perform the packed runs of the job that are due."""
    return pack.hear(Key(queue, job), hostname=str(self.request.hostname))
