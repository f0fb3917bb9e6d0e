"""The @job decorator: declares a function as a job, with Daybook's options beside Celery's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast, overload

from celery import shared_task

from jobs.policies import Declaration
from jobs.task import Job

F = TypeVar("F", bound=Callable[..., Any])


@overload
def job(function: F, /) -> Job: ...
@overload
def job(
    *,
    name: str | None = None,
    bind: bool = False,
    base: type[Job] = Job,
    celery: Mapping[str, Any] | None = None,
    **declared: Any,
) -> Callable[[F], Job]: ...
def job(function: Any = None, /, **options: Any) -> Any:
    """Declare a job: a Celery task called like its function, with Daybook's options (see Declaration) and Celery's.

    Options that Declaration does not know go to Celery (time_limit, max_retries, ...).
    """
    if function is not None:
        return job()(function)
    known = {name: options.pop(name) for name in list(options) if name in Declaration.__dataclass_fields__}

    def declare(body: Any) -> Any:
        base = options.pop("base", Job)
        name = str(options.pop("name", None) or body.__name__)
        return cast("Any", shared_task)(name=name, base=base, declaration=Declaration(**known), **options)(body)

    return declare
