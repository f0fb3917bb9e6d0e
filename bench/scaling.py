"""How much more several workers do than one, on jobs that wait 20 ms: from when all of them are at work."""

from __future__ import annotations

import time

import psycopg

from bench import marks
from bench.contenders import Contender
from bench.ground import Ground
from bench.publisher import BULK

JOBS = 2000
SECONDS = 60


def measure(ground: Ground, contender: Contender) -> dict[str, float]:
    """Start the workers, then enqueue in bulk; from the first job to the last."""
    jobs = max(BULK, min(JOBS, contender.jobs) // BULK * BULK)
    ground.empty(contender)
    with ground.at_work(contender) as tree:
        _await_workers(ground, contender)
        ground.publish(contender, "many", "io", jobs)
        marks.wait_for(ground.marks, jobs, tree, seconds=SECONDS)
        done = marks.read(ground.marks)
    return {"value": (len(done) - 1) / (done[-1][1] - done[0][1])}


def _await_workers(ground: Ground, contender: Contender) -> None:
    """Wait until every worker reports in."""
    workers = sum(" worker " in words for words in contender.workers)
    deadline = time.monotonic() + SECONDS
    with psycopg.connect(ground.database(contender.module), autocommit=True) as connection:
        while True:
            row = connection.execute("SELECT count(*) FROM jobs_worker WHERE kind = 'worker'").fetchone()
            if row and row[0] == workers:
                return
            if time.monotonic() > deadline:
                raise RuntimeError(f"{contender.name}: {row} of {workers} workers reported in")
            time.sleep(marks.PAUSE_SECONDS)
