"""ARQ on Redis; 100 jobs at a time, since with its default of 10 it waits for its poll."""

from __future__ import annotations

import os
from typing import Any

from arq import create_pool, func
from arq.connections import ArqRedis, RedisSettings

from bench.peers.marking import mark_async, wait_and_mark_async

SETTINGS = RedisSettings.from_dsn(os.environ["BENCH_REDIS"])
QUIET = {"version": 1, "disable_existing_loggers": False, "root": {"level": "WARNING"}}
pools: list[ArqRedis] = []


async def noop(_: dict[str, Any], asked_at: float) -> None:
    """Be a job without work."""
    await mark_async(asked_at)


async def io(_: dict[str, Any], asked_at: float) -> None:
    """Be a job that waits 20 ms."""
    await wait_and_mark_async(asked_at)


class WorkerSettings:
    """What `arq` looks for."""

    functions = (func(noop), func(io))
    redis_settings = SETTINGS
    max_jobs = 100


async def enter() -> None:
    """Connect."""
    pools.append(await create_pool(SETTINGS))


async def enqueue(kind: str, asked_at: float = 0.0) -> None:
    """Enqueue one job."""
    await pools[0].enqueue_job(kind, asked_at)
