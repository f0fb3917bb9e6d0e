"""Huey on Redis."""

from __future__ import annotations

import os

from huey import RedisHuey

from bench.peers.marking import mark, wait_and_mark

huey = RedisHuey("bench", url=os.environ["BENCH_REDIS"], results=False)
JOBS = {"noop": huey.task(name="noop")(mark), "io": huey.task(name="io")(wait_and_mark)}


def enqueue(kind: str, asked_at: float = 0.0) -> None:
    """Enqueue one job."""
    JOBS[kind](asked_at)
