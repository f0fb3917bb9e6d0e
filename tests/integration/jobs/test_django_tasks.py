"""Django's tasks API on Daybook: what Django promises of a backend holds, and every task is a run."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from celery import current_app
from django.contrib import admin
from django.contrib.admin import sites
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone

from jobs import ledger, registry, tasks_api, testing
from jobs.django_tasks import DaybookBackend
from jobs.errors import ArgumentsError, UnknownJobError
from jobs.models import Run
from jobs.policies import Retry
from jobs.tasks_api import Task, TaskResultDoesNotExist, TaskResultStatus, task_backends
from tests.newsletters import sending

pytestmark = [pytest.mark.django_db, pytest.mark.req("PL-1")]

Told = list[tuple[str, str, str]]


@pytest.fixture(autouse=True)
def noted(notes: Path) -> Path:
    """Let the functions note what they do."""
    return notes


@pytest.fixture
def told() -> Iterator[Told]:
    """Hear the API's signals, each as its name, the result's id and status."""
    heard: Told = []
    signals = ("task_enqueued", "task_started", "task_finished")
    listeners = {name: _listener(name, heard) for name in signals}
    for name, listener in listeners.items():
        getattr(tasks_api, name).connect(listener)
    yield heard
    for name, listener in listeners.items():
        getattr(tasks_api, name).disconnect(listener)


def _listener(name: str, heard: Told) -> Any:
    def listen(sender: Any, task_result: Any, **_: Any) -> None:
        assert sender is DaybookBackend
        heard.append((name, task_result.id, str(task_result.status)))

    return listen


def test_a_function_is_a_job_under_its_path() -> None:
    job = registry.find("tests.newsletters.sending.send")
    assert (job.name, job.queue_name(), job.retry_policy.attempts) == ("tests.newsletters.sending.send", "base", 1)
    run = testing.run_job(job, letter=1, to="ann")
    assert (run.state, testing.result_of(run)) == ("SUCCESS", {"letter": 1, "to": ["ann"]})


def test_enqueueing_writes_a_row_in_the_callers_transaction(told: Told) -> None:
    with transaction.atomic():
        sending.send.enqueue(1)
        transaction.set_rollback(True)
    assert not Run.objects.exists()
    result = sending.send.enqueue(2, to="bob")
    run = Run.objects.get()
    assert (str(run.pk), run.job, run.args, run.kwargs, run.cause) == (
        result.id,
        "tests.newsletters.sending.send",
        [2],
        {"to": "bob"},
        "code",
    )
    assert (result.status, result.args, result.kwargs, result.backend) == ("READY", [2], {"to": "bob"}, "default")
    assert (result.enqueued_at, result.started_at, result.finished_at) == (run.created_at, None, None)
    assert (result.attempts, result.worker_ids, result.errors, result.is_finished) == (0, [], [], False)
    assert told[-1] == ("task_enqueued", result.id, "READY")


def test_a_success_has_its_value_and_its_times(told: Told) -> None:
    result = sending.send.enqueue(3)
    with pytest.raises(ValueError, match="not finished"):
        _ = result.return_value
    testing.drain()
    result.refresh()
    run = Run.objects.get()
    assert (result.status, result.return_value) == (TaskResultStatus.SUCCESSFUL, {"letter": 3, "to": ["all"]})
    assert (result.started_at, result.last_attempted_at, result.finished_at) == (
        run.started_at,
        run.started_at,
        run.finished_at,
    )
    assert (result.attempts, result.worker_ids) == (1, [str(run.worker_id or "")])
    assert sending.send.get_result(result.id).return_value == {"letter": 3, "to": ["all"]}
    assert [(name, status) for name, _, status in told] == [
        ("task_enqueued", "READY"),
        ("task_started", "RUNNING"),
        ("task_finished", "SUCCESSFUL"),
    ]


def test_a_failure_has_its_error_and_one_attempt(told: Told) -> None:
    result = sending.bounces.enqueue()
    testing.drain()
    result.refresh()
    assert (result.status, result.attempts, result.is_finished) == ("FAILED", 1, True)
    assert [error.exception_class for error in result.errors] == [LookupError]
    assert result.errors[0].traceback.rstrip().endswith("LookupError: no such reader")
    with pytest.raises(ValueError, match="Task failed"):
        _ = result.return_value
    assert told[-1] == ("task_finished", result.id, "FAILED")


def test_a_value_that_json_can_not_carry_fails_the_task() -> None:
    result = sending.answers_strangely.enqueue()
    testing.drain()
    result.refresh()
    assert (result.status, result.errors[0].exception_class) == ("FAILED", TypeError)


def test_retries_come_from_the_backends_options(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # The theme makes a new site whenever applications are installed; the one with the pages comes back afterwards.
    for module in (admin, sites):
        monkeypatch.setattr(module, "site", module.site)
    settings.TASKS = {"default": {**settings.TASKS["default"], "OPTIONS": {"retry": Retry(attempts=3, wait=0)}}}
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.newsletters"]
    job = registry.find("tests.newsletters.persistent.insists")
    result = persistent_task(job).enqueue()
    testing.drain()
    result.refresh()
    assert (result.status, result.attempts, len(result.errors)) == ("FAILED", 3, 3)
    assert result.started_at and result.last_attempted_at and result.started_at < result.last_attempted_at


def persistent_task(job: Any) -> Any:
    """Return what @task made of the function, whose module must not have been imported by this file."""
    assert isinstance(job.retry_policy, Retry)
    return job.declared


def test_an_option_that_no_job_has_is_refused(settings: Any) -> None:
    given = {**settings.TASKS["default"], "OPTIONS": {"retries": 3}}
    backend = DaybookBackend("wrong", given)
    with pytest.raises(ImproperlyConfigured, match=r"TASKS\['wrong'\].*no option 'retries'; did you mean retry"):
        backend.job_of(
            Task(func=sending.undeclared, priority=0, backend="default", queue_name="default", run_after=None)
        )


def test_a_coroutine_is_run() -> None:
    result: Any = async_to_sync(sending.send_later.aenqueue)(5)
    testing.drain()
    result.refresh()
    assert result.return_value == 5


def test_the_context_is_given_and_is_no_argument() -> None:
    result = sending.tells.enqueue(more="news")
    testing.drain()
    result.refresh()
    assert result.return_value == [result.id, 1, "RUNNING", [], "news"]
    tells: Any = sending.tells
    with pytest.raises(ArgumentsError):
        tells.enqueue("news", "too many")


@pytest.mark.parametrize("priority", [-100, 0, 100])
def test_priority_and_queue_are_the_runs_own(priority: int) -> None:
    result = sending.send.using(priority=priority, queue_name="ai").enqueue(1)
    run = Run.objects.get(pk=result.id)
    assert (run.priority, run.queue) == (priority, "ai")
    again = sending.send.get_result(result.id)
    assert (again.task.priority, again.task.queue_name) == (priority, "ai")


def test_what_the_decorator_says_holds_and_the_default_queue_is_celerys() -> None:
    runs = [Run.objects.get(pk=each.id) for each in (sending.send_later.enqueue(1), sending.send.enqueue(1))]
    assert [(run.queue, run.priority) for run in runs] == [("email", -100), ("base", 0)]
    assert sending.send.get_result(str(runs[1].pk)).task == sending.send


def test_higher_priorities_start_first() -> None:
    for number in (-100, 7, 100, 0):
        sending.send.using(priority=number).enqueue(number)
    Run.objects.update(published_at=None)
    assert [run.args[0] for run in Run.objects.order_by("-priority", "created_at")] == [100, 7, 0, -100]


def test_a_task_for_later_waits_in_the_database() -> None:
    at = timezone.now() + timedelta(days=40)
    result = sending.send.using(run_after=at).enqueue(1)
    run = Run.objects.get(pk=result.id)
    assert (run.state, run.run_at, run.published_at) == ("SCHEDULED", at, None)
    again = sending.send.get_result(result.id)
    assert (again.status, again.task.run_after) == (TaskResultStatus.READY, at)


@pytest.mark.parametrize("wrong", [timezone.now, uuid.uuid4, object, lambda: b"\xff"])
def test_arguments_that_are_no_json_are_refused(wrong: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        sending.send.enqueue(wrong())
    assert not Run.objects.exists()


def test_arguments_are_normalized_as_django_does() -> None:
    assert sending.send.enqueue((1, (2, b"x"))).args == [[1, [2, "x"]]]  # type: ignore[arg-type]


@pytest.mark.parametrize("call", [(), (1, 2), ({"lettre": 1},)])
def test_arguments_that_do_not_fit_the_function_are_refused(call: Any) -> None:
    args = call[:0] if call and isinstance(call[0], dict) else call
    kwargs = call[0] if call and isinstance(call[0], dict) else {}
    with pytest.raises(ArgumentsError):
        sending.send.enqueue(*args, **kwargs)
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    "changed", [{"priority": 101}, {"priority": -101}, {"priority": 0.5}, {"queue_name": "nowhere"}]
)
def test_what_django_forbids_is_refused(changed: Any) -> None:
    with pytest.raises(Exception, match=r"priority must be|is not valid for backend") as caught:
        sending.send.using(**changed)
    assert type(caught.value).__name__.startswith("InvalidTask")


def test_results_of_nobody_and_of_other_jobs_do_not_exist() -> None:
    other = testing.run_job(registry.find("add"), x=1)
    for unknown in (str(uuid.uuid4()), "no id", str(other.pk)):
        with pytest.raises(TaskResultDoesNotExist):
            sending.send.get_result(unknown)
    with pytest.raises(Exception, match="does not match"):
        sending.send.get_result(sending.bounces.enqueue().id)


def test_a_cancelled_task_has_failed_and_says_why() -> None:
    result = sending.send.enqueue(1)
    assert ledger.cancel(uuid.UUID(result.id), now=ledger.now(), reason="not any more")
    result.refresh()
    assert (result.status, [error.traceback for error in result.errors]) == ("FAILED", ["not any more"])
    assert result.errors[0].exception_class.__name__ == "TaskRevokedError"


def test_queues_that_no_worker_could_serve_are_reported(settings: Any) -> None:
    assert task_backends["default"].check() == []
    backend = DaybookBackend("default", {**settings.TASKS["default"], "QUEUES": ["default", "email", "nowhere"]})
    assert ["nowhere" in message.msg for message in backend.check()] == [True]


def test_names_outside_installed_apps_import_nothing() -> None:
    for name in ("antigravity.task", "tests.newsletters.sending_nothing.send", "project.settings.DEBUG", "nodots"):
        assert current_app.tasks.get(name) is None
        with pytest.raises(UnknownJobError):
            registry.find(name)
