"""A backend of django.tasks: what is enqueued by Django's own API is a run like any other."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

import structlog
from celery import current_app
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from jobs import registry
from jobs.errors import UnknownJobError
from jobs.models import Run
from jobs.task_functions import TaskFunction, register
from jobs.task_results import result_of
from jobs.tasks_api import (
    DEFAULT_TASK_QUEUE_NAME,
    BaseTaskBackend,
    Task,
    TaskResult,
    TaskResultDoesNotExist,
    normalize_json,
    task_backends,
    task_enqueued,
)

log = structlog.get_logger(__name__)


# Generic in the backport only.
class FunctionTask(Task):  # type: ignore[type-arg]
    """A @task function, which becomes a job as soon as it is declared."""

    def __post_init__(self) -> None:
        """Validate it as Django does, then register its job."""
        Task.__post_init__(self)
        backend = self.get_backend()
        if isinstance(backend, DaybookBackend):
            backend.job_of(self)


class DaybookBackend(BaseTaskBackend):
    """Enqueues @task functions as runs. `OPTIONS` are those of @job: retry, concurrency, rate_limit, time_limit ..."""

    task_class = FunctionTask
    supports_defer = True
    supports_async_task = True
    supports_get_result = True
    supports_priority = True

    def job_of(self, task: Task[..., Any]) -> TaskFunction:
        """Return the function's job; the options are those of the first backend of ours that it met.

        Raises: ImproperlyConfigured for an option that @job doesn't have.
        """
        try:
            return register(task, self.options)
        except (TypeError, ValueError) as error:
            raise ImproperlyConfigured(f"TASKS[{self.alias!r}]['OPTIONS']: {error}") from error

    def enqueue(self, task: Task[..., Any], args: Any, kwargs: Any) -> TaskResult[..., Any]:  # type: ignore[override]
        """Write the run in the caller's transaction; its message goes out after the commit.

        Raises: InvalidTask; TypeError or ValueError for arguments that aren't JSON or don't fit the function.
        """
        self.validate_task(task)
        job = self.job_of(task)
        queue = None if task.queue_name == DEFAULT_TASK_QUEUE_NAME else task.queue_name
        run = job.new_run(
            cast("list[Any]", normalize_json(list(args))),
            cast("dict[str, Any]", normalize_json(dict(kwargs))),
            queue=queue,
            priority=task.priority,
            eta=task.run_after,
        )
        run = job.enqueue(run, is_fresh=True)
        result = result_of(run, task, backend=self.alias)
        task_enqueued.send(type(self), task_result=result)
        return result

    def get_result(self, result_id: str) -> TaskResult[..., Any]:
        """Return the run as it stands.

        Raises: TaskResultDoesNotExist when no run of a @task function has that id.
        """
        try:
            run = Run.objects.get(pk=UUID(result_id))
            job = registry.find(run.job)
        except (ValueError, Run.DoesNotExist, UnknownJobError) as error:
            raise TaskResultDoesNotExist(result_id) from error
        if not isinstance(job, TaskFunction):
            raise TaskResultDoesNotExist(result_id)
        return result_of(run, job.declared, backend=self.alias)

    def check(self, **_: Any) -> list[checks.CheckMessage]:
        """Report queues that no worker could serve."""
        unknown = sorted(self.queues - set(current_app.amqp.queues) - {DEFAULT_TASK_QUEUE_NAME})
        if not unknown or current_app.conf.task_create_missing_queues:
            return []
        return [
            checks.Error(
                f"TASKS[{self.alias!r}] names queues that CELERY_TASK_QUEUES doesn't: {', '.join(unknown)}.",
                id="daybook.E006",
            )
        ]


def job_at(path: str) -> TaskFunction | None:
    """Import the module of the @task function with that path and return its job; None when there is none."""
    try:
        task = import_string(path)
    except ImportError:
        return None
    except Exception as error:
        log.exception("a module of tasks can't be imported", path=path, error=str(error))
        return None
    ours = next((backend for backend in task_backends.all() if isinstance(backend, DaybookBackend)), None)
    if ours is None or not isinstance(task, Task) or task.module_path != path:
        return None
    backend = task.get_backend()
    return backend.job_of(task) if isinstance(backend, DaybookBackend) else ours.job_of(task.using(backend=ours.alias))
