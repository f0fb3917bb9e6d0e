"""A running job that shall stop: at its next checkpoint when it listens, by force when it doesn't."""

from __future__ import annotations

from datetime import timedelta

import pytest
from celery.exceptions import TaskRevokedError

from jobs import ledger
from jobs.conf import conf
from jobs.states import WAITING
from tests.acceptance.jobs.conftest import Engine, is_alive
from tests.lingering_jobs import waits_at_gate, walks
from tests.plugins.polling import poll
from tests.tasks_for_tests import add

pytestmark = pytest.mark.broker
STEPS = 600


@pytest.mark.req("SW-5")
def test_a_worker_that_is_told_to_stop_lets_a_run_go_on_elsewhere_from_its_checkpoint(
    engine: Engine, own_queue: str
) -> None:
    first = engine.start_worker(queues=own_queue)
    result = walks.apply_async((STEPS,), queue=own_queue)
    poll(lambda: len(engine.notes(result, event="step")) > 3, within=20)
    assert first.stop() == 0
    taken = len(engine.notes(result, event="step"))
    run = engine.run(result)
    assert taken < STEPS
    assert run.state in WAITING
    assert (run.attempt, run.attempts, run.token) == (0, [], 1)
    engine.start_worker(queues=own_queue)
    assert result.get(timeout=30) == 2
    assert [line["number"] for line in engine.notes(result, event="step")] == list(range(STEPS))
    assert engine.run(result).attempt == 1


@pytest.mark.req("SW-22")
def test_a_running_job_that_listens_stops_at_its_checkpoint_when_it_is_cancelled(engine: Engine) -> None:
    result = walks.delay(STEPS)
    poll(lambda: len(engine.notes(result, event="step")) > 3, within=20)
    assert ledger.request_cancel(engine.run(result).pk, now=ledger.now())
    run = engine.ended(result)
    taken = len(engine.notes(result, event="step"))
    assert (run.state, run.attempt, run.checkpoint) == ("CANCELLED", 1, {"cursor": taken})
    assert taken < STEPS
    with pytest.raises(TaskRevokedError):
        result.get(timeout=5)


@pytest.mark.req("SW-22")
def test_a_running_job_that_does_not_stop_when_asked_is_killed_after_the_grace(engine: Engine) -> None:
    result = waits_at_gate.delay("never")
    (begin,) = poll(lambda: engine.notes(result, event="begin"), within=20)
    just_now = ledger.now() - timedelta(seconds=conf().cancel_grace_seconds - 1)
    assert ledger.request_cancel(engine.run(result).pk, now=just_now)
    run = engine.ended(result)
    assert (run.state, run.attempt, run.attempts) == ("CANCELLED", 1, [])
    assert run.finished_at and run.cancel_requested_at
    assert (run.finished_at - run.cancel_requested_at).total_seconds() >= conf().cancel_grace_seconds
    poll(lambda: not is_alive(begin["pid"]), within=5)
    assert engine.notes(result, event="end") == []
    assert add.delay(1, 1).get(timeout=20) == 2
