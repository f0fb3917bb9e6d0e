"""Celery's other pools: runs are performed, and those of a killed worker go on, as with child processes."""

from __future__ import annotations

import os
import signal

import pytest

from tests.acceptance.jobs.conftest import Engine
from tests.plugins.polling import poll
from tests.tasks_for_tests import add, sleeps_at_first

pytestmark = [pytest.mark.broker, pytest.mark.req("PL-5", "SW-5")]
LONG = 40.0


@pytest.mark.parametrize("pool", ["solo", "threads"])
def test_a_killed_workers_run_goes_on_in_another_worker_of_that_pool(engine: Engine, own_queue: str, pool: str) -> None:
    first = engine.start_worker("-P", pool, queues=own_queue, concurrency=2)
    assert [add.apply_async((n, 1), queue=own_queue) for n in range(30)][-1].get(timeout=20) == 30
    result = sleeps_at_first.apply_async((LONG,), queue=own_queue)
    poll(lambda: engine.notes(result, event="begin"), within=20)
    os.kill(first.pid, signal.SIGKILL)
    engine.start_worker("-P", pool, queues=own_queue, concurrency=2)
    assert result.get(timeout=30) == 2
    run = engine.run(result)
    assert (run.state, run.attempt, [entry["kind"] for entry in run.attempts]) == ("SUCCESS", 2, ["LOST"])
