"""What a person may ask of a schedule: pause it, resume it, run it now."""

from __future__ import annotations

import json

from django.contrib.auth.base_user import AbstractBaseUser
from django_celery_beat.models import PeriodicTask

from jobs import queries, registry
from jobs.models import Run
from jobs.models.run import Cause


def run_schedule_now(schedule: PeriodicTask, *, by: AbstractBaseUser | None, cause: Cause) -> Run:
    """Enqueue one run as the schedule would, for the schedule's owner, else for the person who asks.

    Raises: UnknownJobError, ArgumentsError.
    """
    job = registry.find(schedule.task)
    plan = getattr(schedule, "plan", None)
    result = job.apply_async(
        args=json.loads(schedule.args or "[]"),
        kwargs=json.loads(schedule.kwargs or "{}"),
        owner=(plan and plan.owner) or by,
        cause=cause,
        queue=schedule.queue or None,
        priority=schedule.priority,
    )
    return queries.find_run(result.id)


def pause_schedule(schedule: PeriodicTask) -> bool:
    """Make the schedule fire no more until resumed; False when it is paused already."""
    return _set_enabled(schedule, False)


def resume_schedule(schedule: PeriodicTask) -> bool:
    """Make a paused schedule fire again, from now on; False when it isn't paused."""
    return _set_enabled(schedule, True)


def _set_enabled(schedule: PeriodicTask, enabled: bool) -> bool:
    if schedule.enabled == enabled:
        return False
    schedule.enabled = enabled
    # save() and not update(): it also tells beat that schedules have changed.
    schedule.save()
    return True
