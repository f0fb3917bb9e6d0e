"""Packed runs: each is a run of its own in everything but its message, also when its process dies or must stop."""

from __future__ import annotations

import os
import signal
from collections import Counter
from datetime import timedelta

import pytest
from django_celery_results.models import TaskResult

from jobs import ledger
from jobs.conf import conf
from jobs.models import Queue, Run
from tests.acceptance.jobs.conftest import ENDED, Engine, is_alive
from tests.packed_jobs import (
    packed,
    packed_breaks_its_pack,
    packed_fails_until,
    packed_kills_itself,
    packed_tells_its_request,
)
from tests.plugins.polling import poll

pytestmark = [pytest.mark.broker]


def _all_ended(job: str, count: int, *, within: float = 30.0) -> list[Run]:
    rows = Run.objects.filter(job=job, state__in=ENDED)
    poll(lambda: rows.count() >= count, within=within)
    return list(rows.order_by("created_at"))


def _forget(*jobs: str) -> None:
    Run.objects.filter(job__in=jobs).delete()


def test_every_packed_run_has_its_own_id_correlation_result_and_body(engine: Engine) -> None:
    results = [packed_tells_its_request.delay() for _ in range(60)]
    answers = [result.get(timeout=30) for result in results]
    assert [answer["id"] for answer in answers] == [result.id for result in results]
    assert [answer["run"] for answer in answers] == [result.id for result in results]
    assert len({answer["correlation_id"] for answer in answers}) == 60
    runs = Run.objects.filter(pk__in=[result.id for result in results])
    assert {(run.state, run.attempt, run.token, run.is_packed, run.published_at) for run in runs} == {
        ("SUCCESS", 1, 1, True, None)
    }
    assert all(run.started_at and run.finished_at and run.started_at <= run.finished_at for run in runs)
    assert TaskResult.objects.filter(task_id__in=[result.id for result in results], status="SUCCESS").count() == 60


def test_a_packed_run_that_fails_is_tried_again_alone_and_its_neighbours_succeed(engine: Engine) -> None:
    results = [packed_fails_until.delay(attempt=1 + (n % 10 == 0)) for n in range(30)]
    assert [result.get(timeout=30) for result in results] == [1 + (n % 10 == 0) for n in range(30)]
    attempts = Counter(engine.run(result).attempt for result in results)
    assert attempts == {1: 27, 2: 3}


def test_a_pack_that_is_killed_in_its_middle_loses_nothing_and_repeats_nothing_that_was_written(
    engine: Engine, own_queue: str
) -> None:
    _forget("packed")
    worker = engine.start_worker(queues=own_queue)
    results = [packed.apply_async(("", 0.05), queue=own_queue) for _ in range(40)]
    written = poll(lambda: list(Run.objects.filter(job="packed", state="SUCCESS")), within=20)
    os.kill(worker.pid, signal.SIGKILL)
    poll(lambda: not is_alive(worker.pid), within=5)
    ids = {run.pk for run in written}
    second = engine.start_worker(queues=own_queue)
    runs = _all_ended("packed", 40)
    assert {run.state for run in runs} == {"SUCCESS"}
    bodies = Counter(line["run"] for line in engine.notes(*results, event="begin"))
    assert len(bodies) == 40
    assert {bodies[str(pk)] for pk in ids} == {1}
    # What ran twice: the run that was killed, and the one before it if its end had not been written.
    assert sum(count - 1 for count in bodies.values()) <= 2
    second.kill()


def test_a_run_that_kills_its_process_takes_no_neighbour_with_it(engine: Engine, own_queue: str) -> None:
    worker = engine.start_worker(queues=own_queue)
    with_poison = [packed_kills_itself.apply_async((str(n), n == 3), queue=own_queue) for n in range(8)]
    runs = _all_ended("packed_kills_itself", 8, within=90)
    states = {str(run.pk): (run.state, run.error_kind) for run in runs}
    poison = with_poison[3].id
    assert states.pop(poison) == ("FAILED", "LOST")
    assert set(states.values()) <= {("SUCCESS", "")}
    assert len(engine.notes(with_poison[3], event="begin")) == 2
    worker.kill()


def test_an_error_of_the_engines_own_leaves_no_run_of_the_pack_running(engine: Engine, own_queue: str) -> None:
    Queue.objects.update_or_create(name=own_queue, defaults={"paused_at": ledger.now()})
    breaking = packed_breaks_its_pack.apply_async(("0", True), queue=own_queue, priority=9)
    others = [packed_breaks_its_pack.apply_async((str(n),), queue=own_queue) for n in range(1, 6)]
    Queue.objects.filter(name=own_queue).update(paused_at=None)
    worker = engine.start_worker(queues=own_queue)
    runs = _all_ended("packed_breaks_its_pack", 6)
    assert {run.state for run in runs} == {"SUCCESS"}
    # The others were given back before the process ended, so the one that was left pays.
    assert {(run.is_packed, run.attempt) for run in runs} == {(True, 1), (False, 2)}
    assert len(engine.notes(breaking, *others, event="begin")) == 6
    assert [run.error_kind for run in runs] == [""] * 6
    assert Counter(run.is_packed for run in runs) == {True: 5, False: 1}
    worker.kill()


def test_a_worker_told_to_stop_gives_back_what_it_has_not_begun_and_spends_no_attempt(
    engine: Engine, own_queue: str
) -> None:
    _forget("packed")
    worker = engine.start_worker(queues=own_queue)
    results = [packed.apply_async(("", 0.4), queue=own_queue) for _ in range(10)]
    poll(lambda: engine.notes(*results, event="begin"), within=20)
    assert worker.stop() == 0
    left = Run.objects.filter(job="packed").exclude(state="SUCCESS")
    assert 0 < left.count() < 10
    assert {(run.state, run.attempt, run.worker_id) for run in left} == {("QUEUED", 0, None)}
    second = engine.start_worker(queues=own_queue)
    runs = _all_ended("packed", 10)
    assert {(run.state, run.attempt) for run in runs} == {("SUCCESS", 1)}
    assert len(engine.notes(*results, event="begin")) == 10
    second.kill()


def test_what_waits_behind_a_long_run_is_let_to_others(engine: Engine, own_queue: str) -> None:
    _forget("packed")
    first = engine.start_worker(queues=own_queue)
    long = packed.apply_async(("long", 100.0), queue=own_queue, priority=9)
    quick = [packed.apply_async((str(n), 0.0), queue=own_queue) for n in range(5)]
    poll(lambda: engine.notes(long, event="begin"), within=20)
    second = engine.start_worker(queues=own_queue)
    assert [result.get(timeout=60) for result in quick] == [str(n) for n in range(5)]
    assert engine.run(long).state == "RUNNING"
    first.kill()
    second.kill()


@pytest.mark.req("SW-22")
def test_a_packed_run_that_does_not_stop_when_asked_is_killed_and_costs_its_neighbours_nothing(
    engine: Engine, own_queue: str
) -> None:
    worker = engine.start_worker(queues=own_queue)
    deaf = packed.apply_async(("deaf", 100.0), queue=own_queue, priority=9)
    quick = [packed.apply_async((str(n), 0.0), queue=own_queue) for n in range(5)]
    (begin,) = poll(lambda: engine.notes(deaf, event="begin"), within=20)
    long_ago = ledger.now() - timedelta(seconds=conf().cancel_grace_seconds + 1)
    assert ledger.request_cancel(engine.run(deaf).pk, now=long_ago)
    run = engine.ended(deaf, within=40)
    assert (run.state, run.attempt, run.attempts) == ("CANCELLED", 1, [])
    assert engine.notes(deaf, event="end") == []
    poll(lambda: not is_alive(begin["pid"]), within=5)
    assert [result.get(timeout=30) for result in quick] == [str(n) for n in range(5)]
    runs = [engine.run(result) for result in quick]
    assert {(run.attempt, run.is_packed, tuple(run.attempts)) for run in runs} == {(1, True, ())}
    worker.kill()


def test_pause_expiry_and_cancelling_hold_for_packed_runs(engine: Engine, own_queue: str) -> None:
    _forget("packed")
    Queue.objects.update_or_create(name=own_queue, defaults={"paused_at": ledger.now()})
    try:
        plain = packed.apply_async(("plain",), queue=own_queue)
        cancelled = packed.apply_async(("cancelled",), queue=own_queue)
        late = packed.apply_async(("late",), queue=own_queue, expires=3600)
        worker = engine.start_worker(queues=own_queue)
        assert ledger.cancel(engine.run(cancelled).pk, now=ledger.now(), reason="unwanted")
        Run.objects.filter(pk=late.id).update(expires_at=ledger.now() - timedelta(seconds=1))
        assert engine.run(plain).state == "QUEUED"
    finally:
        Queue.objects.filter(name=own_queue).update(paused_at=None)
    _all_ended("packed", 3)
    assert [engine.run(result).state for result in (plain, cancelled, late)] == ["SUCCESS", "CANCELLED", "SKIPPED"]
    assert [line["label"] for line in engine.notes(plain, cancelled, late, event="begin")] == ["plain"]
    worker.kill()
