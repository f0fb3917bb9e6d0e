"""A job that kills its process, leaves it, hangs in it or gives up its place: its run ends, the others go on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.jobs.conftest import Engine
from tests.tasks_for_tests import add, exits, hangs, hangs_politely, ignores, kills_itself, rejects, replaces_itself

pytestmark = pytest.mark.broker


@pytest.mark.req("SW-5")
def test_a_job_that_kills_its_process_ends_failed_after_three_losses(engine: Engine) -> None:
    result = kills_itself.delay()
    run = engine.ended(result, within=40)
    assert (run.state, run.attempt, run.error_kind) == ("FAILED", 3, "LOST")
    assert [entry["kind"] for entry in run.attempts] == ["LOST"] * 3
    assert len(engine.notes(result)) == 3
    assert result.state == "FAILURE"
    assert add.delay(1, 1).get(timeout=20) == 2


@pytest.mark.parametrize("status", [0, 1])
@pytest.mark.req("SW-5")
def test_a_job_that_exits_its_process_is_lost_too(engine: Engine, status: int) -> None:
    result = exits.delay(status)
    run = engine.ended(result, within=40)
    assert (run.state, run.error_kind, len(engine.notes(result))) == ("FAILED", "LOST", 3)


@pytest.mark.req("SW-5", "PW-8")
def test_a_job_past_its_hard_limit_is_timed_out_attempt_by_attempt(engine: Engine) -> None:
    result = hangs.delay()
    run = engine.ended(result, within=40)
    assert (run.state, run.attempt, run.error_kind) == ("FAILED", 2, "TIMEOUT")
    assert [entry["kind"] for entry in run.attempts] == ["TIMEOUT", "TIMEOUT"]
    assert len(engine.notes(result)) == 2


@pytest.mark.req("SW-5")
def test_a_job_past_its_soft_limit_is_told_and_timed_out(engine: Engine) -> None:
    result = hangs_politely.delay()
    run = engine.ended(result)
    assert (run.state, run.error_kind, len(engine.notes(result, event="told"))) == ("FAILED", "TIMEOUT", 1)


@pytest.mark.parametrize("job", [ignores, rejects], ids=["ignore", "reject"])
@pytest.mark.req("SW-1")
def test_celerys_ignore_and_reject_leave_no_run_behind(engine: Engine, job: Any) -> None:
    run = engine.ended(job.delay(), within=10)
    assert (run.state, run.attempt) == ("CANCELLED", 1)
    assert run.reason.startswith("the job raised ")


@pytest.mark.req("PL-1")
def test_a_replaced_task_ends_with_its_successors_result(engine: Engine) -> None:
    result = replaces_itself.delay(1)
    assert result.get(timeout=15) == 2
    assert len(engine.notes(result)) == 1
