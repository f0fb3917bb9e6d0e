"""The history of schedules: who changed what through Daybook, newest first; secrets masked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from jobs.errors import DaybookError
from jobs.models import ScheduleChange
from jobs.models.schedule_change import Action
from jobs.queries.schedule_settings import shown_settings

MOST = 1000


class NoSuchChangeError(DaybookError):
    """No change of a schedule has that number."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One setting before and after."""

    setting: str
    before: Any
    after: Any


@dataclass(frozen=True, kw_only=True)
class ShownChange:
    """A change fit to show; `can_revert` is about the change alone, the settings may have changed since."""

    id: int
    schedule: str
    at: datetime
    action: str
    asker: str
    cause: str
    differences: list[Difference]
    reverts: int | None
    can_revert: bool


def changes(*, name: str = "", schedule_id: int | None = None, limit: int = 50) -> list[ShownChange]:
    """Return the latest changes: of the schedule called or numbered so, or of all."""
    rows = ScheduleChange.objects.select_related("schedule").order_by("-id")
    if schedule_id is not None:
        rows = rows.filter(schedule=schedule_id)
    elif name:
        now_called = rows.filter(schedule__name=name).values_list("schedule", flat=True)[:1]
        rows = rows.filter(Q(name=name) | Q(schedule__in=list(now_called)))
    return [show_change(row) for row in rows[: min(limit, MOST)]]


def find_change(pk: Any) -> ScheduleChange:
    """Return the change with that number.

    Raises: NoSuchChangeError
    """
    try:
        return ScheduleChange.objects.select_related("schedule").get(pk=pk)
    except (ScheduleChange.DoesNotExist, ValueError, OverflowError):
        raise NoSuchChangeError(f"no change has the number {pk}; `jobs schedule history` shows them") from None


def show_change(change: ScheduleChange) -> ShownChange:
    """Return the change fit to show."""
    before, after = shown_settings(change.before), shown_settings(change.after)
    return ShownChange(
        id=change.pk,
        schedule=change.name,
        at=change.at,
        action=change.action,
        asker=change.asker,
        cause=change.get_cause_display(),
        differences=[
            Difference(setting=name, before=before.get(name), after=after.get(name))
            for name in {**before, **after}
            if (name in before and name in after) or before.get(name) or after.get(name)
        ],
        reverts=change.reverts_id,
        can_revert=change.action != Action.CREATED and (change.schedule is None) == (change.action == Action.DELETED),
    )
