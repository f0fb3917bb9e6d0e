"""What a person asks for happens as asked, or nothing happens and the reason is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask, PeriodicTasks

from jobs import operations, queries
from jobs.errors import ArgumentsError, UnknownJobError
from jobs.models import Queue, Run, SchedulePlan, Worker
from jobs.models.run import Cause
from jobs.states import State
from tests import tasks_for_tests
from tests.rows import NOON, saved_run

SHELL = operations.Asker(cause=Cause.CLI)
pytestmark = pytest.mark.django_db
assert tasks_for_tests


@pytest.fixture
def anna() -> User:
    return User.objects.create_user("anna")


@pytest.fixture
def notes(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTES", str(tmp_path / "notes"))


@pytest.fixture
def schedule() -> PeriodicTask:
    interval = IntervalSchedule.objects.create(every=5, period="minutes")
    return PeriodicTask.objects.create(name="five", task="add", kwargs='{"x": 2}', interval=interval, queue="email")


@pytest.mark.req("AQ-6", "AA-4")
def test_enqueue_makes_a_run_with_all_that_was_chosen(anna: User) -> None:
    later = timezone.now() + timedelta(hours=1)
    run, is_new = operations.enqueue(
        "add", {"x": 1, "y": 2}, cause=Cause.CLI, owner=anna, eta=later, queue="email", priority=7
    )
    assert is_new
    assert (run.job, run.kwargs, run.owner, run.cause) == ("add", {"x": 1, "y": 2}, anna, Cause.CLI)
    assert (run.state, run.run_at, run.queue, run.priority) == (State.SCHEDULED, later, "email", 7)


@pytest.mark.parametrize(
    ("name", "kwargs", "error", "words"),
    [
        ("ad", {}, UnknownJobError, "no job is called 'ad'; did you mean add"),
        ("add", {}, ArgumentsError, "x is missing"),
        ("add", {"x": "one"}, ArgumentsError, "x: input should be a valid number"),
        ("add", {"x": 1, "z": 1}, ArgumentsError, "z is not an argument of this job"),
    ],
)
def test_what_does_not_fit_is_refused_and_leaves_no_row(
    name: str, kwargs: dict[str, Any], error: type[Exception], words: str
) -> None:
    for ask in (operations.enqueue, operations.run_here):
        with pytest.raises(error) as refusal:
            ask(name, kwargs, cause=Cause.CLI)
        assert str(refusal.value).startswith(words)
    assert Run.objects.count() == 0


@pytest.mark.req("SW-22")
def test_enqueueing_a_unique_job_again_returns_the_run_that_waits() -> None:
    first, is_new = operations.enqueue("unique_by_arguments", {"value": 1}, cause=Cause.API)
    assert is_new
    assert operations.enqueue("unique_by_arguments", {"value": 1}, cause=Cause.API) == (first, False)
    assert Run.objects.count() == 1


@pytest.mark.req("SW-2")
@pytest.mark.django_db(transaction=True)
def test_run_here_runs_at_once_and_is_recorded_without_any_broker(anna: User) -> None:
    run = operations.run_here("add", {"x": 1, "y": 2}, owner=anna, cause=Cause.CLI)
    assert (run.state, run.attempt, run.owner, run.cause) == (State.SUCCESS, 1, anna, Cause.CLI)
    node = Worker.objects.get()
    assert (run.worker, node.kind) == (node, Worker.Kind.COMMAND)
    assert node.stopped_at is not None


@pytest.mark.req("SW-2", "SW-22")
@pytest.mark.django_db(transaction=True)
def test_run_here_tries_again_as_the_job_says(notes: None) -> None:
    run = operations.run_here("fails_until", {"attempt": 3}, cause=Cause.CLI)
    assert (run.state, run.attempt) == (State.SUCCESS, 3)
    assert [entry["message"] for entry in run.attempts] == ["attempt 1", "attempt 2"]


@pytest.mark.req("SW-2")
@pytest.mark.django_db(transaction=True)
def test_run_here_runs_the_children_too(notes: None) -> None:
    run = operations.run_here("spawns", {"children": 3}, cause=Cause.CLI)
    assert run.state == State.SUCCESS
    assert list(run.children.values_list("state", "attempt")) == [(State.SUCCESS, 1)] * 3
    assert queries.details(run).result["children"]["states"] == {"SUCCESS": 3}


@pytest.mark.req("SW-2", "SW-22")
@pytest.mark.django_db(transaction=True)
def test_a_guard_refuses_run_here_and_the_refusal_is_recorded() -> None:
    saved_run(job="one_at_a_time", state=State.RUNNING, concurrency_key="one_at_a_time:mail", concurrency_slot=0)
    run = operations.run_here("one_at_a_time", {"key": "mail"}, cause=Cause.CLI)
    assert (run.state, run.reason, run.attempt) == (State.SKIPPED, "concurrency limit reached", 0)


@pytest.mark.django_db(transaction=True)
def test_a_paused_queue_refuses_run_here(anna: User) -> None:
    operations.pause_queue("base", by=anna)
    run = operations.run_here("add", {"x": 1}, cause=Cause.CLI)
    assert (run.state, run.reason) == (State.SKIPPED, "queue paused")


@pytest.mark.req("PL-2")
def test_running_a_schedule_now_enqueues_its_job_with_its_arguments_for_its_owner(
    schedule: PeriodicTask, anna: User
) -> None:
    ben = User.objects.create_user("ben")
    anna.is_staff = True
    run = operations.run_schedule_now(schedule, by=operations.Asker(cause=Cause.ADMIN, user=anna))
    assert (run.job, run.kwargs, run.queue, run.owner, run.cause) == ("add", {"x": 2}, "email", anna, Cause.ADMIN)
    SchedulePlan.objects.create(schedule=schedule, owner=ben)
    fresh = PeriodicTask.objects.get(pk=schedule.pk)
    assert operations.run_schedule_now(fresh, by=operations.Asker(cause=Cause.ADMIN, user=anna)).owner == ben


@pytest.mark.req("PL-2")
def test_pausing_and_resuming_a_schedule_tells_beat_and_happens_once(schedule: PeriodicTask) -> None:
    PeriodicTasks.objects.update_or_create(ident=1, defaults={"last_update": NOON})
    assert operations.pause_schedule(schedule, by=SHELL)
    assert not operations.pause_schedule(schedule, by=SHELL)
    assert not PeriodicTask.objects.get().enabled
    assert PeriodicTasks.last_change() > NOON
    assert operations.resume_schedule(schedule, by=SHELL)
    assert not operations.resume_schedule(schedule, by=SHELL)
    assert PeriodicTask.objects.get().enabled


def test_pausing_and_resuming_a_queue_notes_who_and_happens_once(anna: User) -> None:
    assert operations.pause_queue("email", by=anna)
    paused = Queue.objects.get()
    assert (paused.paused_by, paused.paused_at is not None) == (anna, True)
    assert not operations.pause_queue("email", by=User.objects.create_user("ben"))
    assert Queue.objects.get().paused_by == anna
    assert operations.resume_queue("email")
    assert not operations.resume_queue("email")
    assert Queue.objects.get().paused_at is None
