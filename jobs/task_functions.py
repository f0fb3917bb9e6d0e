"""Django's @task functions as jobs, each registered with Celery under its path."""

from __future__ import annotations

import inspect
from functools import wraps
from traceback import format_exception
from typing import Any, cast

from jobs import attempt, ledger
from jobs.declaring import job
from jobs.models import Run
from jobs.outcomes import path_of
from jobs.task import Job
from jobs.task_results import fail, result_of, succeed
from jobs.tasks_api import (
    DEFAULT_TASK_QUEUE_NAME,
    Task,
    TaskContext,
    TaskError,
    TaskResult,
    normalize_json,
    task_finished,
    task_started,
)
from jobs.veil import veiled


class TaskFunction(Job):
    """The job of a @task function: runs it as django.tasks says, and sends that API's signals."""

    abstract = True

    @property
    def declared(self) -> Task[..., Any]:
        """What @task has made of the function."""
        return cast("Task[..., Any]", cast("Any", self.run).declared)

    def on_success(self, retval: Any, task_id: str, args: Any, kwargs: Any) -> None:
        """Tell that the function has returned."""
        self._tell_finished(lambda result: succeed(result, retval, at=ledger.now()))

    def on_failure(self, exc: Exception, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        """Tell that the function has failed, with no attempts left."""
        error = TaskError(exception_class_path=path_of(exc), traceback=veiled("".join(format_exception(exc))))
        self._tell_finished(lambda result: fail(result, error, at=ledger.now()))

    def result_of(self, run: Run) -> TaskResult[..., Any]:
        """Return the run as a result of the function."""
        return result_of(run, self.declared, backend=self.declared.backend)

    def _tell_finished(self, end: Any) -> None:
        current = attempt.current()
        # Not in a worker's main process, which reports on a child that never came to its end.
        if current is not None:
            result = self.result_of(current.run)
            end(result)
            task_finished.send_robust(type(self.declared.get_backend()), task_result=result)


_jobs: dict[str, Any] = {}


def register(task: Task[..., Any], options: dict[str, Any]) -> TaskFunction:
    """Return the function's job, made with these options of @job unless it is known already.

    Raises: TypeError or ValueError for an option that @job doesn't have.
    """
    name = task.module_path
    if name not in _jobs:
        queue = None if task.queue_name == DEFAULT_TASK_QUEUE_NAME else task.queue_name
        declare = job(name=name, base=TaskFunction, queue=queue, priority=task.priority, ignore_result=False, **options)
        _jobs[name] = declare(_body_of(task))
    return cast("TaskFunction", _jobs[name])


def _body_of(task: Task[..., Any]) -> Any:
    """Return what a worker calls: the function, between the signals, with its context where it wants one."""

    @wraps(task.func)
    def body(*args: Any, **kwargs: Any) -> Any:
        current = attempt.current()
        if current is None:
            return task.call(*args, **kwargs)
        function = cast("TaskFunction", current.job)
        result = function.result_of(current.run)
        task_started.send(type(task.get_backend()), task_result=result)
        context = (TaskContext(task_result=result),) if task.takes_context else ()
        return normalize_json(task.call(*context, *args, **kwargs))

    vars(body).update(declared=task, __signature__=_signature_of(task))
    return body


def _signature_of(task: Task[..., Any]) -> inspect.Signature:
    """Return what callers may pass: all but the context."""
    signature = inspect.signature(task.func)
    parameters = list(signature.parameters.values())
    return signature.replace(parameters=parameters[1:] if task.takes_context else parameters)
