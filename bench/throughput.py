"""How many jobs without work a contender does per second, from its first to its last, and what CPU each costs."""

from __future__ import annotations

import time

import psycopg

from bench import marks
from bench.contenders import Contender
from bench.ground import Ground
from bench.processes import cpu_seconds, descendants

SECONDS = 60
UNIT = "jobs/s"


def measure(ground: Ground, contender: Contender, *, kind: str = "noop", jobs: int = 0) -> dict[str, float]:
    """Enqueue first, then start the workers and let them empty the queue; starting up is not counted."""
    jobs = jobs or contender.jobs
    ground.empty(contender)
    ground.publish(contender, "one", kind, jobs)
    with ground.at_work(contender) as tree:
        marks.wait_for(ground.marks, 1, tree, seconds=SECONDS)
        before = _cpu(ground, tree.pids), marks.count(ground.marks)
        marks.wait_for(ground.marks, jobs, tree, seconds=SECONDS)
        after = _cpu(ground, tree.pids)
        done = marks.read(ground.marks)
        settled = _settled_at(ground, contender, jobs)
    counted = max(1, jobs - before[1])
    # Who keeps history is done only when the history says so.
    seconds = max(done[-1][1], settled) - done[0][1]
    return {
        "value": (len(done) - 1) / seconds,
        **{f"cpu_us_{name}": (after[name] - before[0][name]) / counted * 1e6 for name in after},
    }


def _cpu(ground: Ground, workers: set[int]) -> dict[str, float]:
    return {
        "workers": cpu_seconds(workers),
        "postgres": cpu_seconds(descendants([ground.postgres.pid])),
        "redis": cpu_seconds(descendants([ground.redis.pid])),
    }


def _settled_at(ground: Ground, contender: Contender, jobs: int) -> float:
    """Wait until the history holds every job as ended; return when it was asked and did."""
    if not contender.ended_sql:
        return 0.0
    deadline = time.monotonic() + SECONDS
    with psycopg.connect(ground.database(contender.database or contender.module), autocommit=True) as connection:
        while True:
            # What was so when it was asked is no later for the counting, which takes longer in a long history.
            asked_at = time.time()
            row = connection.execute(contender.ended_sql).fetchone()
            if row and row[0] >= jobs:
                return asked_at
            if time.monotonic() > deadline:
                raise RuntimeError(f"{contender.name}: the history holds {row} of {jobs} jobs")
            time.sleep(marks.PAUSE_SECONDS)
