"""Celery without Django; BENCH_RESULTS says where results go: ignored, or Redis."""

from __future__ import annotations

import os

from celery import Celery

from bench.peers.marking import mark, wait_and_mark

app = Celery("bench", broker=os.environ["BENCH_REDIS"])
app.conf.broker_connection_retry_on_startup = True
if os.environ.get("BENCH_RESULTS") == "redis":
    app.conf.update(result_backend=os.environ["BENCH_REDIS"])
else:
    app.conf.task_ignore_result = True
JOBS = {"noop": app.task(name="noop")(mark), "io": app.task(name="io")(wait_and_mark)}


def enqueue(kind: str, asked_at: float = 0.0) -> None:
    """Enqueue one job."""
    JOBS[kind].apply_async((asked_at,))
