"""Dramatiq on Redis."""

from __future__ import annotations

import os

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from bench.peers.marking import mark, wait_and_mark

dramatiq.set_broker(RedisBroker(url=os.environ["BENCH_REDIS"]))
JOBS = {"noop": dramatiq.actor(mark, actor_name="noop"), "io": dramatiq.actor(wait_and_mark, actor_name="io")}


def enqueue(kind: str, asked_at: float = 0.0) -> None:
    """Enqueue one job."""
    JOBS[kind].send(asked_at)
