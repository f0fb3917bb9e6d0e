"""The life of a run on a real worker: every kind of end, its row, its result and its notes."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
import structlog
from celery.exceptions import TaskRevokedError, TimeoutError as CeleryTimeout
from django.db import connection, transaction
from django_celery_results.models import TaskResult

from jobs.models import Run
from tests.acceptance.jobs.conftest import Engine
from tests.plugins.polling import poll
from tests.tasks_for_tests import (
    add,
    asks_to_wait,
    exits,
    fails,
    fails_permanently,
    fails_strangely,
    fails_until,
    fails_with,
    hangs,
    hangs_politely,
    hooked,
    ignores,
    kills_itself,
    logs_and_spawns,
    loses_the_database,
    noted,
    plain,
    rejects,
    replaces_itself,
    retries_automatically,
    retries_itself,
    retries_with_new_arguments,
    returns_what_json_cannot_carry,
    sends_another_code,
    sends_code,
    snoozes,
    spawns,
    tells_its_connection,
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


@pytest.mark.req("PL-1")
def test_a_plain_shared_task_is_tracked_too(engine: Engine) -> None:
    result = plain.delay("x")
    assert result.get(timeout=20) == "x"
    assert (engine.run(result).job, engine.run(result).state) == ("plain", "SUCCESS")


@pytest.mark.parametrize(
    ("outcome", "events"),
    [
        ("win", ["before_start", "run", "on_success", "after_return"]),
        (
            "retry",
            ["before_start", "run", "on_retry", "after_return", "before_start", "run", "on_success", "after_return"],
        ),
        (
            "fail",
            ["before_start", "run", "on_retry", "after_return"] * 2
            + ["before_start", "run", "on_failure", "after_return"],
        ),
    ],
)
@pytest.mark.req("AQ-3", "SW-1")
def test_celerys_hooks_of_a_class_based_job_are_called(engine: Engine, outcome: str, events: list[str]) -> None:
    result = hooked.delay(outcome)
    engine.ended(result)
    found = poll(lambda: (lines := engine.notes(result)) and len(lines) >= len(events) and lines)
    # Celery calls after_return after a retry only since 5.x; the order of the others is what counts.
    assert [line["event"] for line in found if line["event"] != "after_return"] == [
        e for e in events if e != "after_return"
    ]


@pytest.mark.req("SW-5")
def test_a_result_that_is_no_json_fails_the_run_with_a_clear_error(engine: Engine) -> None:
    run = engine.ended(returns_what_json_cannot_carry.delay())
    assert (run.state, run.error_kind) == ("FAILED", "EncodeError")
    assert "object" in run.error_message and "JSON" in run.error_message


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
    assert run.state in {"SUCCESS", "CANCELLED", "SKIPPED", "FAILED"}


@pytest.mark.req("PL-1")
def test_a_replaced_task_ends_with_its_successors_result(engine: Engine) -> None:
    result = replaces_itself.delay(1)
    assert result.get(timeout=15) == 2
    assert len(engine.notes(result)) == 1


@pytest.mark.req("PL-3")
def test_a_state_of_the_jobs_own_shows_while_it_runs_and_not_after(engine: Engine) -> None:
    result = tells_its_state.delay(1.5)
    poll(lambda: engine.notes(result, event="told"), within=15)
    assert (result.state, result.info) == ("PROGRESS", {"done": 1})
    assert result.get(timeout=20) == "done"
    assert result.state == "SUCCESS"


@pytest.mark.req("PL-1")
def test_a_result_that_is_not_there_in_time_is_a_timeout(engine: Engine) -> None:
    result = add.apply_async((1, 1), countdown=60)
    assert result.state == "PENDING"
    with pytest.raises(CeleryTimeout):
        result.get(timeout=0.2)


@pytest.mark.req("PL-1")
def test_an_expired_run_is_skipped_and_its_reader_told(engine: Engine) -> None:
    result = noted.apply_async(("late",), expires=-1)
    run = engine.ended(result)
    assert (run.state, run.attempt, engine.notes(result)) == ("SKIPPED", 0, [])
    assert result.state == "REVOKED"
    with pytest.raises(TaskRevokedError):
        result.get(timeout=5)


@pytest.mark.req("PL-1")
def test_a_countdown_waits_in_the_database(engine: Engine) -> None:
    result = noted.apply_async(("later",), countdown=1.5)
    run = engine.run(result)
    assert (run.state, run.published_at) == ("SCHEDULED", None)
    assert result.get(timeout=20) == "later"
    ended = engine.run(result)
    assert ended.started_at and ended.started_at >= run.run_at


@pytest.mark.req("PL-1", "SK-10")
def test_a_run_exists_exactly_when_the_transaction_commits(engine: Engine) -> None:
    kept: list[Any] = []
    with pytest.raises(RuntimeError, match="undo"), transaction.atomic():
        lost = noted.delay("rolled back")
        raise RuntimeError("undo")
    with transaction.atomic():
        kept.append(noted.delay("committed"))
        assert Run.objects.get(pk=kept[0].id).state == "QUEUED"
    assert kept[0].get(timeout=20) == "committed"
    assert not Run.objects.filter(pk=lost.id).exists()
    assert [line["label"] for line in engine.notes(kept[0], event="begin")] == ["committed"]
    assert not [line for line in engine.notes() if line.get("label") == "rolled back"]


@pytest.mark.req("PW-7")
def test_a_worker_child_keeps_one_database_connection(engine: Engine, own_queue: str) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("counts PostgreSQL's server processes")
    worker = engine.start_worker(queues=own_queue)
    results = [tells_its_connection.apply_async(queue=own_queue) for _ in range(20)]
    told = [result.get(timeout=30) for result in results]
    assert len({(line["backend"], line["process"]) for line in told}) == 1
    assert worker.stop() == 0


@pytest.mark.req("SW-3")
def test_a_correlation_id_goes_from_the_request_to_run_child_and_log_lines(engine: Engine) -> None:
    request_id, word = str(uuid.uuid4()), f"word-{uuid.uuid4().hex}"
    with structlog.contextvars.bound_contextvars(request_id=request_id):
        result = logs_and_spawns.delay(message=word)
    child = result.get(timeout=20)
    wanted = f"job-{request_id}"
    parent_row, child_row = engine.run(result), poll(lambda: Run.objects.filter(pk=child, state="SUCCESS").first())
    assert child_row
    assert (parent_row.correlation_id, child_row.correlation_id) == (wanted, wanted)
    assert (child_row.parent_id, child_row.root_id, child_row.cause) == (parent_row.pk, parent_row.pk, "parent")
    lines = [line for line in engine.log().splitlines() if word in line and f"correlation_id={wanted}" in line]
    assert {("child" in line) for line in lines} == {True, False}
    assert all(f"run_id={child if 'child' in line else result.id}" in line for line in lines)


@pytest.mark.req("SW-3")
def test_a_correlation_id_is_cleared_after_the_run(engine: Engine, own_queue: str) -> None:
    worker = engine.start_worker(queues=own_queue)
    first, second = (noted.apply_async((word,), queue=own_queue) for word in ("one", "two"))
    for result in (first, second):
        result.get(timeout=20)
    assert engine.run(first).correlation_id != engine.run(second).correlation_id
    of_second = [line for line in worker.text().splitlines() if str(second.id) in line]
    assert of_second and not [line for line in of_second if engine.run(first).correlation_id in line]


@pytest.mark.req("AQ-2")
def test_a_sensitive_argument_is_nowhere_in_clear(engine: Engine) -> None:
    code = f"9{uuid.uuid4().int % 10**9:09d}"
    results = [
        sends_code.delay("a@b.c", code),
        sends_code.delay(address="a@b.c", code=code),
        sends_another_code.delay(code=code),
    ]
    assert [result.get(timeout=20) for result in results] == ["a@b.c", "a@b.c", len(code)]
    for result in results:
        row = Run.objects.filter(pk=result.id).values().get()
        stored = TaskResult.objects.filter(task_id=str(result.id)).values().get()
        assert not re.search(f"{code}|{code[::-1]}", f"{row}{stored}")
    assert not re.search(f"{code}|{code[::-1]}", engine.log())


@pytest.mark.req("SW-22")
def test_a_parent_ends_when_its_children_have_with_their_counts(engine: Engine) -> None:
    result = spawns.delay(3)
    told = result.get(timeout=30)
    rows = Run.objects.filter(pk__in=told["result"])
    assert [row.state for row in rows] == ["SUCCESS"] * 3
    assert {row.parent_id for row in rows} == {engine.run(result).pk}
    assert told["children"]["states"] == {"SUCCESS": 3}
    assert engine.run(result).finished_at >= max(row.finished_at for row in rows)


@pytest.mark.parametrize(
    "options",
    [
        {"retry": False},
        {"retry_policy": {"max_retries": 2}},
        {"headers": {"x-mine": "1"}},
        {"priority": 5},
        {"shadow": "another name"},
        {"serializer": "json"},
        {"compression": "gzip"},
        {"ignore_result": False},
        {"time_limit": 30, "soft_time_limit": 20},
        {"delivery_mode": 1},
        {"argsrepr": "shown", "kwargsrepr": "shown"},
        {"add_to_parent": False},
        {"queue": "email"},
        {"routing_key": "email"},
        {"exchange": "", "routing_key": "email"},
        {"eta": None, "countdown": None, "expires": None},
        {"root_id": str(uuid.uuid4()), "parent_id": None},
        {"reply_to": "someone"},
        {"task_id": "not-a-uuid"},
        {"stamped_headers": ["who"], "who": "me"},
    ],
    ids=lambda options: "-".join(options),
)
@pytest.mark.req("PL-1")
def test_an_option_of_celerys_apply_async_is_understood(engine: Engine, options: dict[str, Any]) -> None:
    result = add.apply_async((1, 1), **options)
    assert result.get(timeout=15) == 2


@pytest.mark.req("PL-1")
def test_a_result_that_nobody_wants_is_not_stored(engine: Engine) -> None:
    result = add.apply_async((1, 1), ignore_result=True)
    assert engine.ended(result).state == "SUCCESS"
    assert not TaskResult.objects.filter(task_id=str(result.id), result="2").exists()
