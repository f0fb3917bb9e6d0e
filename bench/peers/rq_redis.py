"""RQ on Redis."""

from __future__ import annotations

import os

from redis import Redis
from rq import Queue

from bench.peers.marking import mark, wait_and_mark

queue = Queue("default", connection=Redis.from_url(os.environ["BENCH_REDIS"]))
JOBS = {"noop": mark, "io": wait_and_mark}


def enqueue(kind: str, asked_at: float = 0.0) -> None:
    """Enqueue one job."""
    queue.enqueue(JOBS[kind], asked_at)


def enqueue_many(kind: str, count: int) -> None:
    """Enqueue many jobs at once."""
    queue.enqueue_many([Queue.prepare_data(JOBS[kind], (0.0,)) for _ in range(count)])
