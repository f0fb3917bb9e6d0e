"""The jobs this process knows, by name; Celery's own task registry is the only list."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from celery import current_app
from celery.app.registry import TaskRegistry
from celery.utils.imports import symbol_by_name
from django.apps import apps

from jobs.errors import UnknownJobError

if TYPE_CHECKING:
    from jobs.task import Job


class Tasks(TaskRegistry):
    """Celery's registry, which also finds Django's @task functions by their paths, whatever has been imported."""

    def __missing__(self, name: str) -> Job:
        """Return the job that no module imported so far has registered.

        Raises: Celery's NotRegistered.
        """
        job = _brought(name)
        if job is None:
            raise self.NotRegistered(name)
        return job

    def get(self, name: str, default: Any = None) -> Any:
        """Return the job, or the default where there is none."""
        return self[name] if name in self else _brought(name) or default


def registered() -> dict[str, Job]:
    """Return every job by name, sorted; Celery's built-in tasks left out."""
    _import_jobs(current_app.loader)
    tasks = cast("dict[str, Job]", current_app.tasks)
    return {name: task for name, task in sorted(tasks.items()) if not name.startswith("celery.")}


def find(name: str) -> Job:
    """Return the job called `name`.

    Raises: UnknownJobError, with the nearest names.
    """
    jobs = registered()
    if job := jobs.get(name) or _brought(name):
        return job
    near = difflib.get_close_matches(name, jobs, n=3)
    hint = f"; did you mean {', '.join(near)}?" if near else ""
    raise UnknownJobError(f"no job is called {name!r}{hint}")


def problem_of_call(job: Job, args: Iterable[Any], kwargs: Mapping[str, Any]) -> str:
    """Return why the arguments don't fit the job's signature; empty when they do, or the job wants no check."""
    if not job.typing:
        return ""
    header = getattr(job, "__header__", None) or inspect.signature(job.run).bind
    try:
        header(*args, **kwargs)
    except TypeError as error:
        return str(error)
    return ""


def _brought(name: str) -> Job | None:
    """Return the job of a @task function, its module imported now: one of an installed app's, and of no other."""
    if "." not in name or not apps.ready or apps.get_containing_app_config(name) is None:
        return None
    try:
        job_at = symbol_by_name("jobs.django_tasks:job_at")
    except ImportError:
        # Django has no tasks yet, and the backport is not installed.
        return None
    return cast("Job | None", job_at(name))


@cache
def _import_jobs(loader: Any) -> None:
    """Import the modules that hold jobs, once: each time it is asked to, Celery also runs all of Django's checks."""
    if not loader.worker_initialized:
        loader.import_default_modules()
