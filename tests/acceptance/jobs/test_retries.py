"""Another attempt on a real worker: by policy, by wish of the error, by Celery's own ways, and the hooks around it."""

from __future__ import annotations

import uuid

import pytest

from tests.acceptance.jobs.conftest import Engine
from tests.hooked import hooked
from tests.lingering_jobs import retries_elsewhere, retries_with_wrong_arguments
from tests.plugins.polling import poll
from tests.tasks_for_tests import (
    asks_to_wait,
    fails_permanently,
    fails_until,
    fails_with,
    loses_the_database,
    retries_automatically,
    retries_itself,
    retries_with_new_arguments,
    snoozes,
)

pytestmark = pytest.mark.broker


@pytest.mark.req("SW-22")
def test_a_failed_attempt_is_tried_again_and_logged(engine: Engine) -> None:
    result = fails_until.delay(3)
    assert result.get(timeout=20) == 3
    run = engine.run(result)
    assert (run.state, run.attempt) == ("SUCCESS", 3)
    assert [(entry["attempt"], entry["message"]) for entry in run.attempts] == [(1, "attempt 1"), (2, "attempt 2")]
    assert [line["attempt"] for line in engine.notes(result)] == [1, 2, 3]
    assert (run.error_kind, run.error_message) == ("", "")


@pytest.mark.req("SW-22")
def test_a_run_fails_when_its_attempts_are_spent(engine: Engine) -> None:
    run = engine.ended(fails_until.delay(9))
    assert (run.state, run.attempt, run.error_message) == ("FAILED", 3, "attempt 3")
    assert [entry["attempt"] for entry in run.attempts] == [1, 2, 3]


@pytest.mark.parametrize(("kind", "attempts"), [("OSError", 5), ("FileNotFoundError", 1), ("KeyError", 1)])
@pytest.mark.req("SW-22")
def test_only_errors_that_the_policy_names_are_tried_again(engine: Engine, kind: str, attempts: int) -> None:
    run = engine.ended(fails_with.delay(kind))
    assert (run.state, run.error_kind, run.attempt) == ("FAILED", kind, attempts)


@pytest.mark.req("SW-22")
def test_a_permanent_error_fails_at_once(engine: Engine) -> None:
    result = fails_permanently.delay()
    assert engine.ended(result).attempt == 1
    assert len(engine.notes(result)) == 1


@pytest.mark.req("SW-22")
def test_an_error_says_how_long_to_wait(engine: Engine) -> None:
    result = asks_to_wait.delay(1.5)
    assert result.get(timeout=20) == "done"
    first, second = engine.notes(result)
    assert 1.5 <= second["at"] - first["at"] < 8


@pytest.mark.req("SW-22")
def test_a_snooze_spends_no_attempt(engine: Engine) -> None:
    result = snoozes.delay(3)
    assert result.get(timeout=20) == 3
    run = engine.run(result)
    assert (run.state, run.attempt, run.token, run.attempts) == ("SUCCESS", 1, 4, [])


@pytest.mark.req("PL-5")
def test_a_database_fault_in_the_body_spends_no_attempt(engine: Engine) -> None:
    result = loses_the_database.delay()
    assert result.get(timeout=20) == "done"
    assert (engine.run(result).attempt, len(engine.notes(result))) == (1, 2)


@pytest.mark.req("PL-1")
def test_celerys_own_retry_goes_through_the_row(engine: Engine) -> None:
    result = retries_itself.delay(2)
    assert result.get(timeout=20) == 2
    run = engine.run(result)
    assert (run.state, run.attempt) == ("SUCCESS", 3)
    assert [(line["retries"], line["id"]) for line in engine.notes(result)] == [(n, str(run.pk)) for n in range(3)]


@pytest.mark.req("PL-1")
def test_celerys_own_retry_stops_at_max_retries_with_the_jobs_error(engine: Engine) -> None:
    run = engine.ended(retries_itself.delay(99))
    assert (run.state, run.attempt, run.error_kind, run.error_message) == ("FAILED", 4, "ValueError", "try again")


@pytest.mark.req("PL-1")
def test_celerys_own_retry_may_change_the_arguments(engine: Engine) -> None:
    result = retries_with_new_arguments.delay(1)
    assert result.get(timeout=20) == 3
    assert engine.run(result).args == [3]


@pytest.mark.req("PL-1")
def test_autoretry_for_tries_again_and_then_gives_up(engine: Engine) -> None:
    good, bad = retries_automatically.delay(3), retries_automatically.delay(9)
    assert good.get(timeout=20) == 3
    run = engine.ended(bad)
    assert (run.state, run.attempt, run.error_kind) == ("FAILED", 3, "KeyError")


@pytest.mark.parametrize(
    ("outcome", "events"),
    [
        ("win", ["before_start", "run", "on_success", "after_return"]),
        ("retry", ["before_start", "run", "on_retry", "before_start", "run", "on_success", "after_return"]),
        ("fail", ["before_start", "run", "on_retry"] * 2 + ["before_start", "run", "on_failure", "after_return"]),
    ],
)
@pytest.mark.req("AQ-3", "SW-1")
def test_celerys_hooks_of_a_class_based_job_are_called(engine: Engine, outcome: str, events: list[str]) -> None:
    result = hooked.delay(outcome)
    engine.ended(result)
    poll(lambda: engine.notes(result, event="after_return"))
    assert [line["event"] for line in engine.notes(result)] == events


@pytest.mark.req("PL-1")
def test_celerys_own_retry_may_choose_another_queue_and_what_follows(engine: Engine) -> None:
    word = uuid.uuid4().hex
    result = retries_elsewhere.delay("notifications", 7, word)
    assert result.get(timeout=20) == "notifications"
    run = engine.run(result)
    assert (run.queue, run.priority, run.attempt, run.options["time_limit"]) == ("notifications", 7, 2, 50)
    poll(lambda: [line for line in engine.notes(event="end") if line.get("label") == word], within=20)


@pytest.mark.req("PL-1")
def test_celerys_own_retry_with_arguments_that_do_not_fit_fails_with_a_clear_error(engine: Engine) -> None:
    run = engine.ended(retries_with_wrong_arguments.delay())
    assert (run.state, run.attempt, run.error_kind) == ("FAILED", 1, "ArgumentsError")
    assert "unheard_of" in run.error_message
