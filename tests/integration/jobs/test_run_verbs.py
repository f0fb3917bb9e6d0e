"""Runs are cancelled, retried, started and discarded from the command line: all that are named, or none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from jobs import wire
from jobs.encryption import decrypt
from jobs.models import Run
from jobs.states import State
from jobs.testing import drain
from notifications.models import RunWish
from tests import tasks_for_tests
from tests.commands import jobs, jobs_json, refused
from tests.rows import NOON, saved_run

pytestmark = [pytest.mark.django_db, pytest.mark.req("SW-22")]
assert tasks_for_tests


def _row(run: Run) -> dict[str, Any]:
    return dict(Run.objects.values().get(pk=run.pk))


def _states(*runs: Run) -> list[str]:
    return [Run.objects.get(pk=run.pk).state for run in runs]


def _dead(**columns: Any) -> Run:
    given = {"job": "add", "kwargs": {"x": 1}, "state": State.FAILED, "attempt": 3, "max_attempts": 3}
    return saved_run(**{**given, "finished_at": NOON, "error_kind": "OSError", **columns})


def test_cancel_ends_a_waiting_run_at_once_and_asks_a_running_one() -> None:
    waiting, running = saved_run(), saved_run(state=State.RUNNING)
    printed = jobs_json("cancel", str(waiting.pk), str(running.pk))
    assert [(run["id"], run["state"]) for run in printed] == [
        (str(waiting.pk), "CANCELLED"),
        (str(running.pk), "RUNNING"),
    ]
    assert printed[0]["reason"].startswith("cancelled by ")
    assert printed[0]["reason"].endswith(" on the command line")
    assert Run.objects.get(pk=running.pk).cancel_requested_at is not None


def test_cancel_of_runs_of_which_one_has_ended_exits_3_and_cancels_none() -> None:
    waiting, done = saved_run(), saved_run(state=State.SUCCESS)
    before = _row(waiting), _row(done)
    status, said = refused("cancel", str(waiting.pk), str(done.pk))
    assert (status, said) == (3, f"run {done.pk} (success) has ended; nothing was changed")
    assert (_row(waiting), _row(done)) == before


def test_a_running_run_is_asked_to_stop_only_once() -> None:
    run = saved_run(state=State.RUNNING, cancel_requested_at=NOON)
    assert refused("cancel", str(run.pk)) == (3, f"run {run.pk} (running) was asked to stop already")
    assert Run.objects.get(pk=run.pk).cancel_requested_at == NOON


@pytest.mark.parametrize("verb", ["cancel", "retry", "run-now", "discard"])
def test_a_run_that_is_not_there_exits_2_and_changes_none(verb: str) -> None:
    run, missing = _dead(), uuid4()
    before = _row(run)
    status, said = refused(verb, str(run.pk), str(missing))
    assert (status, said.partition(";")[0]) == (2, f"no run has the id {missing}")
    assert _row(run) == before


def test_retry_enqueues_failed_and_cancelled_runs_with_all_their_attempts() -> None:
    dead, cancelled = _dead(), _dead(state=State.CANCELLED)
    printed = jobs_json("retry", str(dead.pk), str(cancelled.pk))
    assert [(run["state"], run["attempt"], run["finished_at"]) for run in printed] == [("QUEUED", 0, None)] * 2
    assert Run.objects.get(pk=dead.pk).published_at is None


def test_retry_of_runs_of_which_one_succeeded_exits_3_and_retries_none() -> None:
    dead, done = _dead(), saved_run(job="add", kwargs={"x": 1}, state=State.SUCCESS)
    before = _row(dead), _row(done)
    said = f"run {done.pk} (success) neither failed nor was cancelled; nothing was changed"
    assert refused("retry", str(dead.pk), str(done.pk)) == (3, said)
    assert (_row(dead), _row(done)) == before


@pytest.mark.django_db(transaction=True)
def test_retry_with_an_edited_argument_runs_with_it() -> None:
    run = _dead(kwargs={"x": 1, "y": 5})
    jobs("retry", str(run.pk), "-a", "x=2")
    assert Run.objects.get(pk=run.pk).kwargs == {"x": 2, "y": 5}
    drain()
    shown = jobs_json("show", str(run.pk))
    assert (shown["state"], shown["result"]) == ("SUCCESS", 7)


def test_an_argument_given_by_position_is_edited_by_its_name() -> None:
    run = _dead(args=[1, 5], kwargs={})
    jobs("retry", str(run.pk), "-a", "y=6")
    fresh = Run.objects.get(pk=run.pk)
    assert (fresh.args, fresh.kwargs) == ([1, 6], {})


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ("x=one", "x: input should be a valid number"),
        ("z=1", "add() got an unexpected keyword argument 'z'"),
        ("x", "-a takes key=value, not 'x'"),
    ],
)
def test_an_edit_that_does_not_fit_the_job_exits_2_and_changes_nothing(edit: str, words: str) -> None:
    run = _dead()
    before = _row(run)
    status, said = refused("retry", str(run.pk), "-a", edit)
    assert (status, said[-len(words) :] if "z" in edit else said[: len(words)]) == (2, words)
    assert _row(run) == before


def test_arguments_that_no_longer_fit_the_code_are_refused_without_any_edit() -> None:
    run = _dead(kwargs={"w": 1})
    before = _row(run)
    assert refused("retry", str(run.pk))[0] == 2
    assert _row(run) == before


@pytest.mark.req("AQ-2")
def test_an_edited_secret_rests_encrypted_and_the_other_arguments_stay() -> None:
    args, kwargs = wire.seal([], {"address": "a@example.org", "code": "111"}, names=("code",), function=_function())
    run = _dead(job="sends_code", args=args, kwargs=kwargs)
    jobs("retry", str(run.pk), "-a", 'code="222"')
    kept = Run.objects.get(pk=run.pk).kwargs
    assert kept["address"] == "a@example.org"
    assert decrypt(kept["code"]["__sealed__"]) == '"222"'
    assert '"222"' not in jobs("show", str(run.pk))


def _function() -> Any:
    return tasks_for_tests.sends_code.run


def test_an_edit_gives_the_run_the_guards_keys_of_its_new_arguments() -> None:
    run = _dead(job="one_at_a_time", kwargs={"key": "a"}, concurrency_key="one_at_a_time:a")
    jobs("retry", str(run.pk), "-a", "key=b")
    assert Run.objects.get(pk=run.pk).concurrency_key == "one_at_a_time:b"


def test_a_retry_whose_unique_key_is_taken_exits_3_and_names_the_holder() -> None:
    dead = _dead(job="unique_by_arguments", kwargs={}, unique_key="k")
    holder = saved_run(job="unique_by_arguments", unique_key="k")
    said = f"run {dead.pk} (failed) can't be enqueued again: run {holder.pk} has the same unique key"
    assert refused("retry", str(dead.pk)) == (3, said)
    assert _states(dead, holder) == [State.FAILED, State.QUEUED]


def test_run_now_lets_runs_start_that_wait_for_their_time() -> None:
    later = timezone.now() + timedelta(hours=1)
    scheduled, retrying = (saved_run(state=state, run_at=later) for state in (State.SCHEDULED, State.RETRYING))
    jobs("run-now", str(scheduled.pk), str(retrying.pk))
    assert Run.objects.filter(run_at__lte=timezone.now()).count() == 2


def test_run_now_of_a_run_that_waits_for_no_time_exits_3_and_moves_none() -> None:
    later = timezone.now() + timedelta(hours=1)
    scheduled, queued = saved_run(state=State.SCHEDULED, run_at=later), saved_run()
    said = f"run {queued.pk} (queued) doesn't wait for its time; nothing was changed"
    assert refused("run-now", str(scheduled.pk), str(queued.pk)) == (3, said)
    assert Run.objects.get(pk=scheduled.pk).run_at == later


def test_discard_closes_a_dead_letter_once() -> None:
    run = _dead()
    jobs("discard", str(run.pk))
    closed = _row(run)
    assert (closed["state"], closed["resolved_at"] is not None) == (State.FAILED, True)
    assert refused("discard", str(run.pk)) == (3, f"run {run.pk} (failed) is no open dead letter")
    assert _row(run) == closed


@pytest.mark.req("PW-4")
def test_failures_lists_what_failed_in_the_last_hours_the_latest_first() -> None:
    now = timezone.now()
    old, earlier, late = (_dead(finished_at=now - timedelta(hours=hours)) for hours in (30, 20, 1))
    saved_run(state=State.SUCCESS, finished_at=now)
    assert [run["id"] for run in jobs_json("failures")] == [str(late.pk), str(earlier.pk)]
    assert [run["id"] for run in jobs_json("failures", "--hours", "168", "--limit", "3")][2] == str(old.pk)
    assert refused("failures", "--hours", "169")[0] == 2


@pytest.mark.req("AA-7")
def test_a_user_is_noted_who_wants_to_be_told_of_ends() -> None:
    kim, runs = User.objects.create_user("kim"), [saved_run(), saved_run(state=State.RUNNING)]
    told = jobs_json("tell-me", *(str(run.pk) for run in runs), "--user", "kim")
    assert [each["id"] for each in told] == [str(run.pk) for run in runs]
    assert {(wish.run_id, wish.user) for wish in RunWish.objects.all()} == {(run.pk, kim) for run in runs}
    code, said = refused("tell-me", str(runs[0].pk), "--user", "nobody")
    assert (code, "nobody" in said) == (2, True)
