"""`python -m project` and `celery`, which start the same worker and beat."""

from __future__ import annotations

import signal

import pytest

from jobs.models import Worker
from tests.acceptance.jobs.conftest import Engine
from tests.plugins.broker import Valkey
from tests.plugins.polling import poll
from tests.tasks_for_tests import noted


@pytest.mark.req("PL-4")
@pytest.mark.parametrize("program", ["project", "celery"])
def test_a_worker_and_a_beat_do_what_is_due_and_end_when_asked(own_engine: tuple[Engine, Valkey], program: str) -> None:
    engine, server = own_engine
    server.start()
    worker = engine.start_worker(queues="base", name="w", program=program)
    beat = engine.start_beat(program=program)
    result = noted.apply_async(("due",), countdown=0.5)
    run = engine.ended(result)
    assert run.worker
    assert (run.state, run.attempt, run.worker.name.partition("@")[0]) == ("SUCCESS", 1, "w")
    kinds = {Worker.Kind.WORKER: 1, Worker.Kind.BEAT: 1}
    assert {kind: Worker.objects.filter(kind=kind, stopped_at=None).count() for kind in kinds} == kinds
    assert (worker.stop(), beat.stop()) == (0, 0)
    assert Worker.objects.filter(stopped_at=None).count() == 0


@pytest.mark.broker
@pytest.mark.req("PL-5")
def test_a_worker_starts_again_at_sighup_and_loses_nothing(engine: Engine, own_queue: str) -> None:
    worker = engine.start_worker(queues=own_queue)
    before = noted.apply_async(("before",), queue=own_queue)
    assert engine.ended(before).state == "SUCCESS"
    worker.send(signal.SIGHUP)
    meanwhile = noted.apply_async(("meanwhile",), queue=own_queue)
    poll(lambda: worker.text().count(" ready.") == 2, within=30)
    after = noted.apply_async(("after",), queue=own_queue)
    assert [engine.ended(result).state for result in (meanwhile, after)] == ["SUCCESS", "SUCCESS"]
    assert [line["label"] for line in engine.notes(before, meanwhile, after, event="begin")] == [
        "before",
        "meanwhile",
        "after",
    ]
    assert worker.stop() == 0
