"""Keeps rules that schedules share: deleting a crontab or an interval must not take its schedules along."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, ProtectedError

SHOWN = 3


def refuse_if_used(*, instance: Model, **_: Any) -> None:
    """Refuse the deletion of a rule by which schedules fire, before anything is deleted.

    Raises: ProtectedError, which names some of the schedules.
    """
    schedules = instance.periodictask_set.order_by("name")  # type: ignore[attr-defined]
    using = set(schedules[: SHOWN + 1])
    if using:
        names = ", ".join(repr(schedule.name) for schedule in sorted(using, key=lambda each: each.name)[:SHOWN])
        more = " and others" if len(using) > SHOWN else ""
        raise ProtectedError(f"schedules fire by {instance}: {names}{more}; give them another rule first", using)
