"""A run in the words of django.tasks: its row read as a TaskResult; writes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from celery import current_app

from jobs.models import Run
from jobs.states import State
from jobs.tasks_api import DEFAULT_TASK_QUEUE_NAME, Task, TaskError, TaskResult, TaskResultStatus
from jobs.wire import unseal

_STATUS = {
    State.SCHEDULED: TaskResultStatus.READY,
    State.QUEUED: TaskResultStatus.READY,
    State.RETRYING: TaskResultStatus.READY,
    State.RUNNING: TaskResultStatus.RUNNING,
    State.SUCCESS: TaskResultStatus.SUCCESSFUL,
}
_NEVER_RAN = "celery.exceptions.TaskRevokedError"


def result_of(run: Run, task: Task[..., Any], *, backend: str) -> TaskResult[..., Any]:
    """Return the run as the result of `task`; a run that was cancelled, skipped or missed has failed."""
    result: TaskResult[..., Any] = TaskResult(
        task=_as_enqueued(task, run, backend),
        id=str(run.pk),
        status=_STATUS.get(State(run.state), TaskResultStatus.FAILED),
        enqueued_at=run.created_at,
        started_at=_first_start(run),
        finished_at=run.finished_at,
        last_attempted_at=run.started_at,
        args=unseal(run.args),
        kwargs=unseal(run.kwargs),
        backend=backend,
        errors=_errors(run),
        worker_ids=_workers(run),
    )
    if run.state == State.SUCCESS:
        succeed(result, cast("Any", current_app.backend).get_result(result.id), at=run.finished_at)
    return result


def succeed(result: TaskResult[..., Any], value: Any, *, at: datetime | None) -> None:
    """Make a result one that has ended well."""
    _become(result, status=TaskResultStatus.SUCCESSFUL, finished_at=at, _return_value=value)


def fail(result: TaskResult[..., Any], error: TaskError, *, at: datetime) -> None:
    """Make a result one that has failed for good."""
    _become(result, status=TaskResultStatus.FAILED, finished_at=at, errors=[*result.errors, error])


def _become(result: TaskResult[..., Any], **values: Any) -> None:
    for name, value in values.items():
        # As Django's own backends do: the class is frozen for everybody else.
        object.__setattr__(result, name, value)


def _as_enqueued(task: Task[..., Any], run: Run, backend: str) -> Task[..., Any]:
    is_default = run.queue == current_app.conf.task_default_queue
    return replace(
        task,
        priority=run.priority,
        queue_name=DEFAULT_TASK_QUEUE_NAME if is_default else run.queue,
        run_after=run.run_at if run.attempt == 0 and run.run_at > run.created_at else None,
        backend=backend,
    )


def _first_start(run: Run) -> datetime | None:
    told = run.attempts[0]["started_at"] if run.attempts else None
    return datetime.fromisoformat(told) if told else run.started_at


def _errors(run: Run) -> list[TaskError]:
    errors = [(entry.get("path") or entry["kind"], entry["trace"]) for entry in run.attempts]
    if run.state in {State.CANCELLED, State.SKIPPED, State.MISSED}:
        errors.append((_NEVER_RAN, run.reason))
    return [TaskError(exception_class_path=path, traceback=trace) for path, trace in errors]


def _workers(run: Run) -> list[str]:
    """Return the worker of each attempt, as many as attempts; of those that the row has forgotten, an empty name."""
    known = [entry["worker"] for entry in run.attempts]
    if run.state in {State.RUNNING, State.SUCCESS}:
        known.append(str(run.worker_id or ""))
    return ([""] * run.attempt + known)[-run.attempt :] if run.attempt else []
