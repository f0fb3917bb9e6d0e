"""Taskiq on Redis: BENCH_TASKIQ=list is the fastest, BENCH_TASKIQ=stream acknowledges."""

from __future__ import annotations

import os

from taskiq_redis import ListQueueBroker, RedisStreamBroker

from bench.peers.marking import mark_async, wait_and_mark_async

_URL = os.environ["BENCH_REDIS"]
broker = ListQueueBroker(_URL) if os.environ.get("BENCH_TASKIQ", "list") == "list" else RedisStreamBroker(_URL)
JOBS = {"noop": broker.task(task_name="noop")(mark_async), "io": broker.task(task_name="io")(wait_and_mark_async)}


async def enter() -> None:
    """Connect."""
    await broker.startup()


async def leave() -> None:
    """Disconnect."""
    await broker.shutdown()


async def enqueue(kind: str, asked_at: float = 0.0) -> None:
    """Enqueue one job."""
    await JOBS[kind].kiq(asked_at)
