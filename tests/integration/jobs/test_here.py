"""run_here: a job in this very process, with no broker, recorded and guarded like any other."""

from __future__ import annotations

import json
import subprocess
import uuid
from pathlib import Path
from typing import cast

import pytest
from django_celery_results.models import TaskResult

from jobs import ledger, machine
from jobs.errors import ArgumentsError
from jobs.here import run_here
from jobs.models import Run, Worker
from jobs.states import State
from jobs.task import Job
from jobs.testing import result_of
from tests.hooked import hooked
from tests.integration.jobs.conftest import stored_run
from tests.rows import saved_worker
from tests.tasks_for_tests import (
    add,
    fails,
    fails_until,
    noted,
    one_at_a_time,
    retries_automatically,
    retries_itself,
    sends_code,
    snoozes,
    steps,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("SW-2")]


def noted_events(notes: Path) -> list[str]:
    return [json.loads(line)["event"] for line in notes.read_text().splitlines()]


def test_a_success_is_recorded_with_its_result(notes: Path) -> None:
    run = run_here(add, {"x": 1, "y": 2})
    assert (run.state, run.attempt, run.cause) == ("SUCCESS", 1, "cli")
    assert TaskResult.objects.filter(task_id=str(run.pk)).values_list("status", "result").get() == ("SUCCESS", "3")
    node = Worker.objects.get(runs=run)
    assert (node.kind, node.stopped_at is None, node.lost_at) == ("command", False, None)


def test_a_failure_is_recorded_and_not_raised(notes: Path) -> None:
    run = run_here(fails, {"message": "boom 7"})
    assert (run.state, run.error_kind, run.error_message) == ("FAILED", "RuntimeError", "boom 7")
    assert len(run.attempts) == 1


@pytest.mark.req("SW-22")
def test_failed_attempts_are_tried_again_here(notes: Path) -> None:
    run = run_here(fails_until, {"attempt": 3})
    assert (run.state, run.attempt, len(run.attempts)) == ("SUCCESS", 3, 2)


def test_a_snooze_is_waited_for_here(notes: Path) -> None:
    assert run_here(snoozes, {"times": 2}).state == "SUCCESS"


@pytest.mark.req("PL-1")
def test_celerys_own_retry_works_here_and_stops_at_its_limit(notes: Path) -> None:
    good, bad = run_here(retries_itself, {"times": 2}), run_here(retries_itself, {"times": 9})
    assert (good.state, good.attempt) == ("SUCCESS", 3)
    assert (bad.state, bad.attempt, bad.error_kind) == ("FAILED", 4, "ValueError")
    ids = {json.loads(line)["id"] for line in notes.read_text().splitlines()}
    assert ids == {str(good.pk), str(bad.pk)}


@pytest.mark.req("PL-1")
def test_autoretry_works_here(notes: Path) -> None:
    assert run_here(cast("Job", retries_automatically), {"succeed_at": 3}).attempt == 3


@pytest.mark.req("SW-1")
def test_a_class_based_jobs_hooks_are_called_here(notes: Path) -> None:
    run_here(hooked, {"outcome": "retry"})
    events = ["before_start", "run", "on_retry", "before_start", "run", "on_success", "after_return"]
    assert noted_events(notes) == events


@pytest.mark.req("SK-7")
def test_a_guard_that_refuses_skips_the_run_and_starts_nothing(notes: Path) -> None:
    stored_run(State.RUNNING, job="one_at_a_time", concurrency_key="one_at_a_time:k", concurrency_slot=0)
    run = run_here(one_at_a_time, {"key": "k"})
    assert (run.state, run.attempt, run.reason) == ("SKIPPED", 0, "concurrency limit reached")
    assert not notes.exists()


def test_arguments_that_do_not_fit_leave_nothing(notes: Path) -> None:
    with pytest.raises(ArgumentsError, match="unexpected"):
        run_here(noted, {"unexpected": 1})
    assert (Run.objects.count(), Worker.objects.count()) == (0, 0)


@pytest.mark.req("AQ-2")
def test_a_sensitive_argument_is_in_no_table_in_clear(notes: Path, caplog: pytest.LogCaptureFixture) -> None:
    code = f"7{uuid.uuid4().int % 10**9:09d}"
    run = run_here(sends_code, {"address": "a@b.c", "code": code})
    assert run.state == "SUCCESS"
    stored = TaskResult.objects.filter(task_id=str(run.pk)).values().get()
    assert code not in f"{stored}{Run.objects.filter(pk=run.pk).values().get()}{caplog.text}"


def test_a_completed_step_is_not_repeated(notes: Path) -> None:
    run = run_here(steps, {"times": 3})
    assert (run.state, run.attempt, result_of(run)) == ("SUCCESS", 3, [0, 1, 2])
    assert noted_events(notes) == ["step"] * 3


def test_a_command_killed_on_this_machine_holds_no_guard_where_no_beat_runs(notes: Path) -> None:
    now = ledger.now()
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    killed = saved_worker(kind="command", name="killed", pid=gone.pid, machine_name=machine.name())
    held, _ = ledger.enqueue(one_at_a_time.new_run([], {"key": "a"}))
    assert isinstance(ledger.claim(held.pk, worker_id=killed.pk, now=now), Run)

    run = run_here(one_at_a_time, {"key": "a"})

    assert run.state == "SUCCESS"
    held.refresh_from_db()
    assert (held.state, [entry["kind"] for entry in held.attempts]) == ("RETRYING", ["LOST"])
