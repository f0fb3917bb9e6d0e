"""How many jobs one process enqueues per second, one by one and through the contender's own bulk call."""

from __future__ import annotations

from typing import Any

from bench.contenders import Contender
from bench.ground import Ground

JOBS, BULK_JOBS = 2000, 10_000


def one_by_one(ground: Ground, contender: Contender) -> dict[str, float]:
    """Enqueue one by one, with no worker about."""
    return _published(ground, contender, "one", min(JOBS, contender.jobs))


def in_bulk(ground: Ground, contender: Contender) -> dict[str, float]:
    """Enqueue a thousand at a time, with no worker about."""
    return _published(ground, contender, "many", BULK_JOBS)


def _published(ground: Ground, contender: Contender, verb: str, jobs: int) -> dict[str, float]:
    ground.empty(contender)
    done: dict[str, Any] = ground.publish(contender, verb, "noop", jobs)
    return {"value": done["per_second"], "cpu_us_enqueuer": done["cpu_us"]}
