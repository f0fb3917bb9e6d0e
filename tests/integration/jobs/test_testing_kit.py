"""The testing kit as an author meets it: its pytest fixtures, its fault points, and its refusals."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from jobs import context, faultpoints, ledger, testing
from jobs.errors import ArgumentsError
from jobs.models import Run
from jobs.testing import assert_enqueued, assert_not_enqueued, drain, result_of
from project.celery import app
from tests.guarded_jobs import cancels_itself, tells_progress
from tests.integration.jobs.conftest import stored_run
from tests.tasks_for_tests import add, fails_until, noted, retries_itself

pytest_plugins = ["jobs.pytest_plugin"]
pytestmark = [pytest.mark.django_db, pytest.mark.req("PL-1")]
Fault = Callable[..., AbstractContextManager[None]]


def test_a_job_is_run_to_its_end_without_waiting(run_job: Callable[..., Run], notes: Path) -> None:
    run = run_job(fails_until, attempt=3)
    assert (run.state, run.attempt, result_of(run)) == ("SUCCESS", 3, 3)


def test_what_waits_is_asserted_and_drained(drain_jobs: Callable[..., int]) -> None:
    add.apply_async((), {"x": 1, "y": 2}, countdown=3600)
    assert assert_enqueued(add, x=1).kwargs == {"x": 1, "y": 2}
    with pytest.raises(AssertionError, match="0 waiting runs of add with"):
        assert_enqueued(add, x=9)
    with pytest.raises(AssertionError, match="1 runs of add wait, expected none"):
        assert_not_enqueued(add)
    assert drain_jobs() == 1
    assert_not_enqueued(add)


@pytest.mark.parametrize("point", [point for point in faultpoints.POINTS if not point.endswith(" fire")])
def test_every_fault_point_is_reached_once_in_a_runs_life(point: str, job_fault: Fault) -> None:
    struck = []
    with job_fault(point, lambda: struck.append(point)):
        # Its end is more than one statement on every database: what follows is enqueued in its transaction.
        add.apply_async((1, 1), link=add.s(1) if point == "in settle" else None)
        if point != "before publish":
            drain()
    reached = point != "before publish" or not connection.in_atomic_block
    assert struck == ([point] if reached else [])


@pytest.mark.req("PL-5")
def test_a_database_that_stays_away_at_the_end_costs_another_attempt_and_no_failure(
    job_fault: Fault, notes: Path
) -> None:
    said = "database is locked" if connection.vendor == "sqlite" else "server closed the connection"

    def fail() -> None:
        raise OperationalError(said)

    result = noted.apply_async(("twice",), link=add.si(1, 1))
    with pytest.warns(RuntimeWarning, match=said), job_fault("in settle", fail):
        drain()
    run = Run.objects.get(pk=result.id)
    assert (run.state, run.attempt, run.token, notes.read_text().count('"end"')) == ("SUCCESS", 1, 2, 2)
    assert [(entry["kind"], entry["fault"]) for entry in run.attempts] == [("OperationalError", True)]
    assert result.get(timeout=5) == "twice"


def test_a_run_whose_arguments_no_longer_fit_is_told(short_drains: None) -> None:
    stored_run(job="add", kwargs={"unheard_of": 1})
    with pytest.raises(ArgumentsError, match="unheard_of"):
        drain()


def test_celerys_own_retry_waits_as_long_as_it_asks(monkeypatch: pytest.MonkeyPatch, notes: Path) -> None:
    monkeypatch.setattr(testing, "MOST_STEPS", 1)
    result, now = retries_itself.delay(1, wait=3600), ledger.now()
    with pytest.raises(AssertionError, match="1 attempts and still not done"):
        drain()
    run = Run.objects.get(pk=result.id)
    assert (run.state, run.attempt, run.reason) == ("RETRYING", 1, "retry() ValueError('try again')")
    assert run.run_at > now + timedelta(seconds=3000)


def test_progress_is_written_at_its_beginning_and_its_end_however_often_it_is_told(
    run_job: Callable[..., Run], notes: Path
) -> None:
    with CaptureQueriesContext(connection) as asked:
        run = run_job(tells_progress, steps=500)
    written = [entry for entry in asked if 'UPDATE "jobs_run" SET "progress"' in entry["sql"]]
    assert run.progress == {"done": 500, "total": 500, "note": "step 500"}
    assert 1 <= len(written) <= 20


def test_a_stop_between_two_checkpoints_keeps_how_far_it_came(monkeypatch: pytest.MonkeyPatch, notes: Path) -> None:
    monkeypatch.setattr(context, "time", SimpleNamespace(monotonic=count(1000).__next__))
    monkeypatch.setattr(context, "CHECK_SECONDS", 10)
    result = cancels_itself.delay(100)
    drain()
    run, taken = Run.objects.get(pk=result.id), len(notes.read_text().splitlines())
    assert (run.state, run.checkpoint, 0 < taken < 5) == ("CANCELLED", {"cursor": taken}, True)


def test_eager_mode_is_celerys_and_records_nothing() -> None:
    app.conf.update(task_always_eager=True)
    try:
        result = add.apply_async((1, 2), owner=None, tenant="t")
    finally:
        app.conf.update(task_always_eager=False)
    assert (result.get(timeout=5), result.state, Run.objects.count()) == (3, "SUCCESS", 0)
