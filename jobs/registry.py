"""The jobs this process knows, by name; Celery's own task registry is the only list."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from celery import current_app

from jobs.errors import UnknownJobError

if TYPE_CHECKING:
    from jobs.task import Job


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
    if name in jobs:
        return jobs[name]
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


@cache
def _import_jobs(loader: Any) -> None:
    """Import the modules that hold jobs, once: each time it is asked to, Celery also runs all of Django's checks."""
    if not loader.worker_initialized:
        loader.import_default_modules()
