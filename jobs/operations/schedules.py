"""What a person may ask of schedules as they are: pause them, resume them, run one now."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django_celery_beat.models import PeriodicTask, PeriodicTasks

from jobs import ledger, queries, registry
from jobs.models import Run, SchedulePlan
from jobs.models.schedule_change import Action
from jobs.operations.schedule_record import Asker, check_theirs, chunks, note
from jobs.queries.schedule_settings import ScheduleSettings, settings_of
from jobs.scheduling.ticks import routing_of
from jobs.task import Job


def run_schedule_now(schedule: PeriodicTask, *, by: Asker, owner: AbstractBaseUser | None = None) -> Run:
    """Enqueue one run as the schedule would, for the schedule's owner, else `owner`, else the user who asks.

    It counts among the schedule's runs; the fire times stay as they are.

    Raises: NoSuchScheduleError when it isn't theirs; UnknownJobError, ArgumentsError.
    """
    check_theirs(schedule, by)
    job, known, now = registry.find(schedule.task), settings_of(schedule), ledger.now()
    with transaction.atomic():
        run = run_of(schedule, job, known, owner=owner or by.user, cause=by.cause)
        found = job.enqueue(run, is_fresh=True)
        ledger.tie_to_schedule(found.pk, schedule_id=schedule.pk, fire_at=now)
    return queries.find_run(found.pk)


def run_of(schedule: PeriodicTask, job: Job, known: ScheduleSettings, *, owner: Any, cause: str) -> Run:
    """Return the unsaved run that a person asks of a schedule: what and where as a tick's, for its owner or `owner`.

    Raises: ArgumentsError.
    """
    plan = getattr(schedule, "plan", None)
    run = job.new_run(
        known.args,
        known.kwargs,
        owner=(plan and plan.owner) or owner,
        cause=cause,
        priority=known.priority,
        headers=known.headers,
        **routing_of(schedule),
    )
    run.options["headers"] = {**known.headers, "periodic_task_name": schedule.name}
    return run


def pause_schedule(schedule: PeriodicTask, *, by: Asker) -> bool:
    """Make the schedule fire no more until resumed; False when it is paused already.

    Raises: NoSuchScheduleError when it isn't theirs.
    """
    return bool(pause_schedules([schedule], by=by))


def resume_schedule(schedule: PeriodicTask, *, by: Asker) -> bool:
    """Make a paused schedule fire again, from now on; False when it isn't paused.

    Raises: NoSuchScheduleError when it isn't theirs.
    """
    return bool(resume_schedules([schedule], by=by))


def pause_schedules(schedules: Collection[PeriodicTask], *, by: Asker) -> int:
    """Make these schedules fire no more until resumed; returns how many were not paused already.

    Raises: NoSuchScheduleError when one isn't theirs; nothing is paused then.
    """
    return _switch(schedules, enabled=False, by=by)


def resume_schedules(schedules: Collection[PeriodicTask], *, by: Asker) -> int:
    """Make these schedules fire again, from now on; returns how many were paused.

    Raises: NoSuchScheduleError when one isn't theirs; nothing is resumed then.
    """
    return _switch(schedules, enabled=True, by=by)


def _switch(schedules: Collection[PeriodicTask], *, enabled: bool, by: Asker) -> int:
    for schedule in schedules:
        check_theirs(schedule, by)
    with transaction.atomic():
        return sum(_switch_some(some, enabled=enabled, by=by) for some in chunks([each.pk for each in schedules]))


def _switch_some(ids: list[int], *, enabled: bool, by: Asker) -> int:
    rows = PeriodicTask.objects.select_for_update().filter(pk__in=ids, enabled=not enabled)
    names = dict(rows.values_list("pk", "name"))
    if not names:
        return 0
    # As save() leaves it: a paused schedule has no last run.
    forgotten = {} if enabled else {"last_run_at": None}
    PeriodicTask.objects.filter(pk__in=names).update(enabled=enabled, date_changed=timezone.now(), **forgotten)
    SchedulePlan.objects.filter(~Q(paused_reason=""), pk__in=names).update(paused_reason="", failures_in_row=0)
    PeriodicTasks.update_changed()
    action = Action.RESUMED if enabled else Action.PAUSED
    note(names, before={"enabled": not enabled}, after={"enabled": enabled}, action=action, by=by)
    return len(names)
