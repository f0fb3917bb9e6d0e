"""Secret arguments of schedules: encrypted at rest, masked when shown, kept where a mask comes back."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from jobs import drafting, registry, wire
from jobs.operations.schedule_checks import BadScheduleError


def sealed(job: str, args: list[Any], kwargs: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments as they may rest: those that the job calls sensitive, and URLs with passwords, encrypted."""
    known = registry.registered().get(job)
    return (args, kwargs) if known is None else drafting.sealed(known, args, kwargs)


def unmasked(
    args: list[Any], kwargs: dict[str, Any], *, standing: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """Return arguments as a person edited the shown ones, with the secrets behind the masks that were left alone.

    `standing` are the settings that were shown, in clear.

    Raises: BadScheduleError when a mask stands where no secret was.
    """
    return _restored("args", args, standing["args"]), _restored("kwargs", kwargs, standing["kwargs"])


def _restored(setting: str, value: Any, old: Any) -> Any:
    if isinstance(value, dict):
        before = old if isinstance(old, dict) else {}
        return {key: _restored(setting, item, before.get(key)) for key, item in value.items()}
    if isinstance(value, list):
        olds = old[: len(value)] if isinstance(old, list) else []
        return [_restored(setting, item, before) for item, before in zip_longest(value, olds)]
    if value != wire.MASK:
        return value
    if old is None:
        raise BadScheduleError({setting: [f"{wire.MASK} stands for a secret; write the value itself"]})
    return old
