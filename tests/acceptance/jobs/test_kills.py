"""Processes that die, freeze or shut down with runs in them: every run ends, none runs twice at once, others go on."""

from __future__ import annotations

import os
import re
import signal

import pytest

from jobs.models import Run, Worker
from tests.acceptance.jobs.conftest import LEASE_SECONDS, Engine, children_of, is_alive, overlapping
from tests.plugins.polling import poll
from tests.tasks_for_tests import noted, one_at_a_time, sleeps, sleeps_at_first

pytestmark = [pytest.mark.broker, pytest.mark.req("PL-5", "PL-6", "SW-5")]
LONG = 40.0


def test_a_run_of_a_killed_worker_goes_on_elsewhere(engine: Engine, own_queue: str) -> None:
    first = engine.start_worker(queues=own_queue, MACHINE="another")
    result = sleeps_at_first.apply_async((LONG,), queue=own_queue)
    (begin,) = poll(lambda: engine.notes(result, event="begin"), within=20)
    second = engine.start_worker(queues=own_queue)
    os.kill(first.pid, signal.SIGKILL)
    poll(lambda: not is_alive(begin["pid"]), within=5)
    assert result.get(timeout=30) == 2
    run = engine.run(result)
    assert (run.state, run.attempt, run.token) == ("SUCCESS", 2, 2)
    assert [entry["kind"] for entry in run.attempts] == ["LOST"]
    assert len(engine.notes(result, event="begin")) == 2
    lost = Worker.objects.get(pk=run.attempts[0]["worker"])
    assert lost.lost_at is not None and (lost.lost_at - lost.heartbeat_at).total_seconds() < LEASE_SECONDS + 5
    assert re.search(rf"node lost .*{lost.pk}", engine.log())
    second.kill()


def test_a_killed_child_costs_one_attempt_and_its_worker_lives(engine: Engine, own_queue: str) -> None:
    worker = engine.start_worker(queues=own_queue)
    result = sleeps_at_first.apply_async((LONG,), queue=own_queue)
    (begin,) = poll(lambda: engine.notes(result, event="begin"), within=20)
    assert begin["pid"] in children_of(worker.pid)
    os.kill(begin["pid"], signal.SIGKILL)
    assert result.get(timeout=30) == 2
    run = engine.run(result)
    assert (run.attempt, [entry["kind"] for entry in run.attempts]) == (2, ["LOST"])
    assert str(run.worker_id) == run.attempts[0]["worker"]
    worker.kill()


def test_a_frozen_workers_run_goes_on_elsewhere_and_the_woken_worker_ends(engine: Engine, own_queue: str) -> None:
    frozen = engine.start_worker(queues=own_queue, MACHINE="another")
    result = sleeps_at_first.apply_async((LONG,), queue=own_queue)
    poll(lambda: engine.notes(result, event="begin"), within=20)
    children = children_of(frozen.pid)
    frozen.freeze()
    other = engine.start_worker(queues=own_queue)
    assert result.get(timeout=30) == 2
    ended = Run.objects.filter(pk=result.id).values().get()
    frozen.thaw()
    assert frozen.ended(within=10) == 70
    poll(lambda: not any(is_alive(child) for child in children), within=5)
    assert Run.objects.filter(pk=result.id).values().get() == ended
    assert result.get(timeout=5) == 2
    lost = Worker.objects.get(pk=engine.run(result).attempts[0]["worker"])
    assert not Run.objects.filter(worker=lost, started_at__gt=lost.lost_at).exists()
    assert overlapping(engine.notes(result)) == []
    other.kill()


def test_a_frozen_worker_on_a_beats_machine_is_ended_before_its_run_goes_on(engine: Engine, own_queue: str) -> None:
    frozen = engine.start_worker(queues=own_queue)
    result = sleeps_at_first.apply_async((LONG,), queue=own_queue)
    (begin,) = poll(lambda: engine.notes(result, event="begin"), within=20)
    frozen.freeze()
    other = engine.start_worker(queues=own_queue)
    assert frozen.ended(within=20) == -signal.SIGKILL
    poll(lambda: not is_alive(begin["pid"]), within=5)
    assert result.get(timeout=30) == 2
    assert [entry["kind"] for entry in engine.run(result).attempts] == ["LOST"]
    other.kill()


def test_a_frozen_child_is_ended_by_its_own_worker(engine: Engine, own_queue: str) -> None:
    worker = engine.start_worker(queues=own_queue)
    result = sleeps_at_first.apply_async((LONG,), queue=own_queue)
    (begin,) = poll(lambda: engine.notes(result, event="begin"), within=20)
    os.kill(begin["pid"], signal.SIGSTOP)
    assert result.get(timeout=30) == 2
    assert [entry["kind"] for entry in engine.run(result).attempts] == ["LOST"]
    assert "child was stopped for a lease, ended" in worker.text()
    worker.kill()


def test_a_woken_child_can_not_finish_a_run_that_is_anothers_now(engine: Engine, own_queue: str) -> None:
    frozen = engine.start_worker(queues=own_queue, MACHINE="another")
    result = sleeps_at_first.apply_async((0.5,), queue=own_queue)
    (begin,) = poll(lambda: engine.notes(result, event="begin"), within=20)
    frozen.freeze()
    other = engine.start_worker(queues=own_queue)
    assert result.get(timeout=30) == 2
    os.kill(begin["pid"], signal.SIGCONT)
    poll(lambda: len(engine.notes(result, event="end")) == 2, within=10)
    poll(lambda: "a stale end changed nothing" in frozen.text(), within=10)
    run = engine.run(result)
    assert (run.state, run.token, run.attempt) == ("SUCCESS", 2, 2)
    assert result.get(timeout=5) == 2
    frozen.kill()
    other.kill()


def test_a_worker_that_is_told_to_stop_finishes_its_run(engine: Engine, own_queue: str) -> None:
    worker = engine.start_worker(queues=own_queue)
    result = sleeps.apply_async((2,), queue=own_queue)
    poll(lambda: engine.notes(result, event="begin"), within=20)
    assert worker.stop() == 0
    run = engine.run(result)
    assert (run.state, run.attempt, run.attempts) == ("SUCCESS", 1, [])
    assert run.worker and run.worker.stopped_at is not None


def test_messages_that_a_killed_worker_held_are_sent_again(engine: Engine, own_queue: str) -> None:
    worker = engine.start_worker(queues=own_queue)
    blocker = sleeps_at_first.apply_async((LONG,), queue=own_queue)
    poll(lambda: engine.notes(blocker, event="begin"), within=20)
    waiting = [noted.apply_async((f"held {n}",), queue=own_queue) for n in range(5)]
    worker.kill()
    other = engine.start_worker(queues=own_queue)
    assert [result.get(timeout=40) for result in waiting] == [f"held {n}" for n in range(5)]
    assert [len(engine.notes(result, event="begin")) for result in waiting] == [1] * 5
    assert blocker.get(timeout=20) == 2
    other.kill()


@pytest.mark.req("SK-7")
def test_a_keyed_job_never_runs_twice_at_once_and_all_of_it_runs(engine: Engine, own_queue: str) -> None:
    worker = engine.start_worker(queues=own_queue, concurrency=3)
    key = own_queue + str(os.getpid())
    results = [one_at_a_time.apply_async((key, 0.1), queue=own_queue) for _ in range(8)]
    assert [result.get(timeout=40) for result in results] == [key] * 8
    notes = engine.notes(*results)
    assert len([line for line in notes if line["event"] == "begin"]) == 8
    order = [line["event"] for line in sorted(notes, key=lambda line: line["at"])]
    assert order == ["begin", "end"] * 8
    worker.kill()


@pytest.mark.req("SK-7")
def test_a_slot_that_a_killed_worker_held_is_free_again(engine: Engine, own_queue: str) -> None:
    first = engine.start_worker(queues=own_queue)
    key = f"slot {os.getpid()}"
    held = one_at_a_time.apply_async((key, 3), queue=own_queue)
    poll(lambda: engine.notes(held, event="begin"), within=20)
    waiting = one_at_a_time.apply_async((key, 0), queue=own_queue)
    first.kill()
    second = engine.start_worker(queues=own_queue)
    assert waiting.get(timeout=40) == key
    assert held.get(timeout=40) == key
    assert overlapping(engine.notes(held, waiting)) == []
    second.kill()
