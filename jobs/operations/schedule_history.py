"""A change of a schedule is taken back: what it changed goes to how it was, the rest stays; a removed one returns."""

from __future__ import annotations

from django_celery_beat.models import PeriodicTask

from jobs import queries, wire
from jobs.errors import RefusedError
from jobs.models import ScheduleChange
from jobs.models.schedule_change import Action
from jobs.operations.schedule_checks import check_schedule
from jobs.operations.schedule_edits import default_settings, edit_schedule, write
from jobs.operations.schedule_record import Asker, on_record


def revert_change(change: ScheduleChange, *, by: Asker) -> PeriodicTask:
    """Give the settings that the change changed their values from before; itself a change, on the record.

    Raises: RefusedError when there is nothing to take back; BadScheduleError when what was before is no longer sound.
    """
    before = wire.unseal(change.before)
    if change.action == Action.CREATED:
        raise RefusedError("what was there before is no schedule; remove it instead")
    if change.action == Action.DELETED:
        return _bring_back(change, before, by=by)
    if change.schedule is None:
        raise RefusedError(f"{change.name} was removed since; revert its removal first")
    schedule = queries.schedule_with_id(change.schedule.pk)
    if not edit_schedule(schedule, before, by=by, action=Action.REVERTED, reverts=change):
        raise RefusedError(f"{schedule.name} stands as it did before this change")
    return queries.schedule_with_id(schedule.pk)


def _bring_back(change: ScheduleChange, before: dict[str, object], *, by: Asker) -> PeriodicTask:
    if not by.is_staff:
        raise RefusedError("only staff may bring back a removed schedule")
    wanted = {**default_settings(), **before}
    found = check_schedule(wanted, changed=list(wanted))
    with on_record([], action=Action.REVERTED, by=by, reverts=change) as ids:
        schedule = write(PeriodicTask(), wanted, rule=found)
        ids.append(schedule.pk)
    return queries.schedule_with_id(schedule.pk)
