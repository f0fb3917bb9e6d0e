"""The life of a run on a real worker: its row and its result, whatever it returns or raises."""

from __future__ import annotations

import pytest
from django_celery_results.models import TaskResult

from jobs.models import Run
from tests.acceptance.jobs.conftest import Engine
from tests.hooked import hooked
from tests.plugins.polling import poll
from tests.tasks_for_tests import (
    add,
    fails,
    fails_strangely,
    plain,
    returns_what_json_cannot_carry,
    tells_its_state,
)

pytestmark = pytest.mark.broker


@pytest.mark.req("PL-1", "PL-3", "AQ-3")
def test_a_run_that_succeeds_has_its_row_and_its_result_under_one_id(engine: Engine) -> None:
    result = add.delay(1, y=2)
    assert result.get(timeout=20) == 3
    run = engine.run(result)
    assert (run.state, run.attempt, run.max_attempts, run.cause, run.queue) == ("SUCCESS", 1, 1, "code", "base")
    assert (run.args, run.kwargs, run.attempts, run.error_kind) == ([1], {"y": 2}, [], "")
    assert run.started_at and run.finished_at and run.created_at <= run.started_at <= run.finished_at
    assert run.cpu_seconds is not None and run.max_rss
    assert TaskResult.objects.filter(task_id=str(run.pk)).values_list("status", "result").get() == ("SUCCESS", "3")
    assert result.state == "SUCCESS"


@pytest.mark.req("PL-3", "AQ-3")
def test_a_run_that_fails_keeps_its_error_and_traceback(engine: Engine) -> None:
    result = fails.delay()
    with pytest.raises(RuntimeError, match="boom 42"):
        result.get(timeout=20)
    run = engine.run(result)
    assert (run.state, run.attempt, run.error_kind, run.error_message) == ("FAILED", 1, "RuntimeError", "boom 42")
    assert [entry["kind"] for entry in run.attempts] == ["RuntimeError"]
    assert result.state == "FAILURE"
    assert "raise RuntimeError(message)" in str(result.traceback)
    assert len(engine.notes(result)) == 1


@pytest.mark.req("SW-5")
def test_an_error_that_no_database_stores_fails_the_run_all_the_same(engine: Engine) -> None:
    run = engine.ended(fails_strangely.delay())
    assert (run.state, run.error_kind, run.error_message) == ("FAILED", "RuntimeError", "ab ?")


@pytest.mark.req("PL-1")
def test_a_plain_shared_task_is_tracked_too(engine: Engine) -> None:
    result = plain.delay("x")
    assert result.get(timeout=20) == "x"
    assert (engine.run(result).job, engine.run(result).state) == ("plain", "SUCCESS")


@pytest.mark.req("SW-1")
def test_a_class_based_job_refuses_arguments_that_do_not_fit(engine: Engine) -> None:
    before = Run.objects.count()
    with pytest.raises(TypeError, match="outcome"):
        hooked.delay()
    assert Run.objects.count() == before


@pytest.mark.req("SW-5")
def test_a_result_that_is_no_json_fails_the_run_with_a_clear_error(engine: Engine) -> None:
    run = engine.ended(returns_what_json_cannot_carry.delay())
    assert (run.state, run.error_kind) == ("FAILED", "EncodeError")
    assert "object" in run.error_message and "JSON" in run.error_message


@pytest.mark.req("PL-3")
def test_a_state_of_the_jobs_own_shows_while_it_runs_and_not_after(engine: Engine) -> None:
    result = tells_its_state.delay(1.5)
    poll(lambda: engine.notes(result, event="told"), within=15)
    assert (result.state, result.info) == ("PROGRESS", {"done": 1})
    assert result.get(timeout=20) == "done"
    assert result.state == "SUCCESS"
