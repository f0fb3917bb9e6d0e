"""A run's arguments as a person changes them before a retry: checked as a new run's would be, secrets kept."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from typing import Any

from jobs import registry, wire
from jobs.arguments import check_types
from jobs.errors import ArgumentsError
from jobs.models import Run

_FROM_ARGUMENTS = ("unique_key", "concurrency_key", "rate_key", "tenant")


def shown_arguments(run: Run) -> dict[str, Any]:
    """Return the run's arguments by name, as far as they have one, with secrets masked."""
    names = _parameters(run)
    return wire.masked({**dict(zip(names, run.args, strict=False)), **run.kwargs})  # type: ignore[no-any-return]


def differences(run: Run, wanted: Mapping[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """Return which of the shown arguments were given other values in `wanted`, and which were left out of it.

    Raises: ArgumentsError when a changed value still holds the mask of a secret.
    """
    shown = shown_arguments(run)
    edits = {name: value for name, value in wanted.items() if name not in shown or shown[name] != value}
    for name, value in edits.items():
        if _holds_mask(value):
            raise ArgumentsError(
                f"{name}: {wire.MASK} stands for a secret; leave the argument as it is or write it anew"
            )
    return edits, shown.keys() - wanted.keys()


def edited_columns(run: Run, edits: Mapping[str, Any], *, dropped: Collection[str] = ()) -> dict[str, Any]:
    """Return the columns of the run with these arguments changed: the arguments, and the guards' keys made of them.

    Empty when nothing is changed, but what the run has is checked all the same.

    Raises: UnknownJobError, ArgumentsError.
    """
    job = registry.find(run.job)
    args, kwargs = list(wire.unseal(run.args)), dict(wire.unseal(run.kwargs))
    names = _parameters(run)[: len(args)]
    if unmovable := [name for name in dropped if name in names]:
        raise ArgumentsError(f"{unmovable[0]} was given by position and can't be left out")
    args = [edits.get(name, value) for name, value in zip(names, args, strict=False)] + args[len(names) :]
    kwargs |= {name: value for name, value in edits.items() if name not in names}
    kwargs = {name: value for name, value in kwargs.items() if name not in dropped}
    fresh = job.new_run(args, kwargs)
    if not edits and not dropped:
        return {}
    check_types(job.run, {**dict(zip(names, args, strict=False)), **kwargs})
    derived = {column: value for column in _FROM_ARGUMENTS if (value := getattr(fresh, column))}
    return {"args": fresh.args, "kwargs": fresh.kwargs, **derived}


def _parameters(run: Run) -> list[str]:
    named = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(registry.find(run.job).run).parameters.values()
    return [parameter.name for parameter in parameters if parameter.kind in named]


def _holds_mask(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_mask(item) for item in value.values())
    if isinstance(value, list):
        return any(_holds_mask(item) for item in value)
    return bool(value == wire.MASK)
