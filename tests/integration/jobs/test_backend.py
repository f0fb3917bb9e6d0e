"""What AsyncResult reads: the run's state and its result as one, never torn, never overwritten by who comes late."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from celery.exceptions import TaskRevokedError
from celery.result import AsyncResult
from django.db import connection, transaction
from django_celery_results.models import TaskResult

from jobs import ledger
from jobs.ledger import Fence
from jobs.models import Run
from jobs.states import State
from jobs.testing import run_job
from project.celery import app
from tests.integration.jobs.conftest import MakeRun
from tests.tasks_for_tests import add, fails

pytestmark = [pytest.mark.django_db, pytest.mark.req("PL-3")]

SHOWN = {
    State.SCHEDULED: "PENDING",
    State.QUEUED: "PENDING",
    State.RUNNING: "STARTED",
    State.RETRYING: "RETRY",
    State.SUCCESS: "SUCCESS",
    State.FAILED: "FAILURE",
    State.CANCELLED: "REVOKED",
    State.SKIPPED: "REVOKED",
    State.MISSED: "REVOKED",
}


@pytest.mark.parametrize("state", State)
def test_each_state_shows_as_the_one_celery_has_for_it(make_run: MakeRun, state: State) -> None:
    assert str(AsyncResult(str(make_run(state).pk)).state) == SHOWN[state]


@pytest.mark.parametrize("state", [State.CANCELLED, State.SKIPPED, State.MISSED])
def test_reading_the_result_of_a_run_that_never_ran_raises_with_the_reason(make_run: MakeRun, state: State) -> None:
    run = make_run(state, reason="a person's wish")
    with pytest.raises(TaskRevokedError, match="a person's wish"):
        AsyncResult(str(run.pk)).get(timeout=1)


def test_a_result_is_stored_once_per_run() -> None:
    good, bad = run_job(add, x=1, y=2), run_job(fails)
    assert dict(TaskResult.objects.values_list("task_id", "status")) == {
        str(good.pk): "SUCCESS",
        str(bad.pk): "FAILURE",
    }


def late_failure(task_id: str) -> None:
    app.backend.store_result(task_id, ValueError("late"), "FAILURE")


def late_progress(task_id: str) -> None:
    app.backend.store_result(task_id, {"done": 1}, "PROGRESS")


def late_other_result(task_id: str) -> None:
    app.backend.mark_as_done(task_id, "another")


@pytest.mark.parametrize("late", [late_failure, late_progress, late_other_result])
@pytest.mark.req("PL-6")
def test_nothing_that_comes_late_overwrites_a_result(late: Callable[[str], None]) -> None:
    run = run_job(add, x=1, y=2)
    before = TaskResult.objects.filter(task_id=str(run.pk)).values().get()
    late(str(run.pk))
    assert TaskResult.objects.filter(task_id=str(run.pk)).values().get() == before
    assert AsyncResult(str(run.pk)).get(timeout=1) == 3


def test_a_jobs_own_state_shows_only_while_it_runs(make_run: MakeRun) -> None:
    run = make_run(State.RUNNING)
    app.backend.store_result(str(run.pk), {"done": 1}, "PROGRESS")
    assert (str(AsyncResult(str(run.pk)).state), AsyncResult(str(run.pk)).info) == ("PROGRESS", {"done": 1})
    ledger.try_again(Fence(run.pk, token=1), None, at=ledger.now(), now=ledger.now())
    assert str(AsyncResult(str(run.pk)).state) == "RETRY"


@pytest.mark.django_db(transaction=True)
def test_a_run_that_ends_between_two_looks_is_never_a_success_without_its_result(make_run: MakeRun) -> None:
    """The reader's first query sees the world before the end, every later one the world after it."""
    run = make_run(State.RUNNING, job="add")
    ended = False

    def end_after(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal ended
        found = execute(sql, params, many, context)
        if not ended and sql.startswith("SELECT"):
            ended = True
            end(run)
        return found

    with connection.execute_wrapper(end_after):
        meta = app.backend.get_task_meta(str(run.pk), cache=False)
    assert (str(meta["status"]), meta["result"]) != ("SUCCESS", None)
    assert AsyncResult(str(run.pk)).get(timeout=1) == 3


def end(run: Run) -> None:
    with transaction.atomic():
        ledger.succeed(Fence(run.pk, token=1), now=ledger.now())
        TaskResult.objects.create(
            task_id=str(run.pk), status="SUCCESS", result="3", content_type="application/json", content_encoding="utf-8"
        )
