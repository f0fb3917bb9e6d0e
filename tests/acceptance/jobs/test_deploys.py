"""Old and new code at work at the same time: what a worker can't run waits for one that can, and blocks nobody."""

from __future__ import annotations

import pytest
from celery import Celery

from jobs import operations
from jobs.explain import why
from jobs.models import BadMessage, Run
from jobs.publish import publish_or_leave
from tests.acceptance.jobs.conftest import Engine
from tests.lingering_jobs import grows
from tests.plugins.polling import poll
from tests.tasks_for_tests import noted

pytestmark = [pytest.mark.broker, pytest.mark.req("PL-5")]


def enqueued_by_newer_code(run: Run, **columns: object) -> Run:
    """Store and publish a run as code would that this process doesn't have."""
    for name, value in columns.items():
        setattr(run, name, value)
    run.save(force_insert=True)
    Run.objects.filter(pk=run.pk).update(published_at=run.created_at)
    publish_or_leave([run])
    return run


def parked(run: Run) -> Run:
    found = poll(lambda: Run.objects.filter(pk=run.pk, reason__startswith="parked: ").first(), within=20)
    assert found
    return found


def test_runs_that_old_workers_can_not_perform_wait_for_new_ones(engine: Engine, own_queue: str) -> None:
    engine.start_worker(queues=own_queue)
    unknown = enqueued_by_newer_code(noted.new_run(["new"], {}, queue=own_queue), job="brought_by_a_deploy")
    misfit = enqueued_by_newer_code(grows.new_run([1], {}, queue=own_queue), kwargs={"added_by_the_deploy": 2})
    waiting = [parked(unknown), parked(misfit)]
    assert [(run.state, run.attempt, run.attempts) for run in waiting] == [("QUEUED", 0, [])] * 2
    assert "added_by_the_deploy" in waiting[1].reason
    assert why(waiting[1])[0].code == "parked"
    assert noted.apply_async(("others go on",), queue=own_queue).get(timeout=20) == "others go on"
    engine.processes[-1].kill()
    engine.start_worker(queues=own_queue, app="tests.newer_app")
    older = grows.apply_async((5,), queue=own_queue)
    assert older.get(timeout=20) == 5
    for run, result in ((unknown, "new"), (misfit, 3)):
        ended = engine.ended(grows.AsyncResult(str(run.pk)), within=40)
        assert (ended.state, ended.attempt) == ("SUCCESS", 1)
        assert grows.AsyncResult(str(run.pk)).get(timeout=5) == result


def test_a_message_for_a_job_that_a_deploy_brings_is_replayed_from_quarantine(
    engine: Engine, own_queue: str, stranger: Celery, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = engine.start_worker(queues=own_queue)
    sent = stranger.send_task("brought_by_a_deploy", ("later",), queue=own_queue)
    bad = poll(lambda: BadMessage.objects.filter(task_id=sent.id).first(), within=20)
    assert bad
    assert (bad.reason, bad.job, bad.queue) == (BadMessage.Reason.UNKNOWN_JOB, "brought_by_a_deploy", own_queue)
    old.kill()
    engine.start_worker(queues=own_queue, app="tests.newer_app")
    monkeypatch.setitem(noted.app.tasks, "brought_by_a_deploy", noted)
    operations.replay_message(bad)
    run = engine.ended(noted.AsyncResult(sent.id), within=20)
    assert (run.state, run.cause, run.attempt) == ("SUCCESS", "foreign", 1)
    assert [line["label"] for line in engine.notes(event="begin") if line["run"] == sent.id] == ["later"]
