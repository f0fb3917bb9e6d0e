"""The @job decorator: declares a function as a job, with Daybook's options beside Celery's."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast, overload

from celery import shared_task

from jobs.policies import Declaration
from jobs.task import Job

F = TypeVar("F", bound=Callable[..., Any])

_CELERYS = (
    *("name", "bind", "base", "throws", "typing", "filter", "pydantic", "pydantic_strict", "pydantic_context"),
    *("autoretry_for", "dont_autoretry_for", "retry_kwargs", "retry_backoff", "retry_backoff_max", "retry_jitter"),
)


@overload
def job(function: F, /) -> Job: ...
@overload
def job(
    *,
    name: str | None = None,
    bind: bool = False,
    base: type[Job] = Job,
    **options: Any,
) -> Callable[[F], Job]: ...
def job(function: Any = None, /, **options: Any) -> Any:
    """Declare a job: a Celery task called like its function, with Daybook's options (see Declaration) and Celery's.

    Options that Declaration does not know go to Celery (time_limit, max_retries, ...).

    Raises: TypeError for an option that neither knows.
    """
    if function is not None:
        return job()(function)
    known = {name: options.pop(name) for name in list(options) if name in Declaration.__dataclass_fields__}
    _check(options)
    if known.get("pack") and (options.get("time_limit") or options.get("soft_time_limit")):
        raise TypeError("@job(): pack and time limits exclude each other, for Celery times messages and a pack is one")

    def declare(body: Any) -> Any:
        base = options.pop("base", Job)
        name = str(options.pop("name", None) or body.__name__)
        return cast("Any", shared_task)(name=name, base=base, declaration=Declaration(**known), **options)(body)

    return declare


def _check(options: Mapping[str, Any]) -> None:
    """Refuse options that neither Daybook nor Celery knows: a misspelt one would be ignored in silence."""
    for name in options:
        if name not in _CELERYS and not hasattr(Job, name):
            near = difflib.get_close_matches(name, [*Declaration.__dataclass_fields__, *_CELERYS], n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise TypeError(f"@job() has no option {name!r}{hint}")
