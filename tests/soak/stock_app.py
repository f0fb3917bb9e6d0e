"""Stock Celery with like jobs, for comparison, on Redis: as it comes, or with late acknowledgement (SOAK_ACKS=late)."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery import Celery, Task

from tests.soak import effects

app = Celery("stock", broker=os.environ.get("BROKER_URL"), set_as_current=False)
IS_LATE = os.environ.get("SOAK_ACKS") == "late"
app.conf.update(
    task_acks_late=IS_LATE,
    task_reject_on_worker_lost=IS_LATE,
    task_default_queue="base",
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    worker_proc_alive_timeout=60.0,
)
if visibility := os.environ.get("SOAK_VISIBILITY_SECONDS"):
    app.conf.broker_transport_options = {"visibility_timeout": int(visibility)}


@contextmanager
def body(task: Task[..., Any]) -> Iterator[None]:
    """Write when a body begins and ends."""
    token = time.monotonic_ns()
    effects.append("effects", event="start", run=task.request.id, token=token, job=task.name)
    yield
    effects.append("effects", event="end", run=task.request.id, token=token, job=task.name)


@app.task(bind=True)
def quick(self: Task[..., Any], n: int) -> int:
    with body(self):
        return n


@app.task(bind=True)
def sleeper(self: Task[..., Any], n: int, seconds: float) -> int:
    with body(self):
        time.sleep(seconds)
        return n


@app.task(bind=True, max_retries=5)
def stumbler(self: Task[..., Any], n: int) -> int:
    """Fail twice, then succeed."""
    if self.request.retries < 2:
        raise self.retry(countdown=0.05)
    with body(self):
        return n
