"""What a person may ask of the engine; every face calls these, so that each can do what the others can."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from jobs import here, queries, registry
from jobs.arguments import check_types
from jobs.models import Queue, Run
from jobs.models.run import Cause


def check_arguments(name: str, kwargs: Mapping[str, Any]) -> None:
    """Check that a job of that name exists and takes these arguments.

    Raises: UnknownJobError, ArgumentsError.
    """
    check_types(registry.find(name).run, kwargs)


def enqueue(  # noqa: PLR0913 - what may be chosen for one run
    name: str,
    kwargs: Mapping[str, Any],
    *,
    cause: Cause,
    owner: AbstractBaseUser | None = None,
    eta: datetime | None = None,
    queue: str | None = None,
    priority: int | None = None,
) -> tuple[Run, bool]:
    """Enqueue a run of the job; returns the run in force and whether it is a new one.

    It isn't where the job is unique and an unfinished run has the key already.

    Raises: UnknownJobError, ArgumentsError; nothing is enqueued then.
    """
    job = registry.find(name)
    check_types(job.run, kwargs)
    asked_at = timezone.now()
    result = job.apply_async(kwargs=dict(kwargs), owner=owner, cause=cause, eta=eta, queue=queue, priority=priority)
    run = queries.find_run(result.id)
    return run, run.created_at >= asked_at


def run_here(
    name: str,
    kwargs: Mapping[str, Any],
    *,
    cause: Cause,
    owner: AbstractBaseUser | None = None,
    patience_seconds: float = 0.0,
) -> Run:
    """Run the job in this process, recorded and guarded but without a broker, and return the run as it ended.

    SUCCESS, FAILED and CANCELLED speak for themselves. A guard that still refuses after `patience_seconds` leaves the
    run SKIPPED. An unfinished run with the same unique key is returned instead, and nothing runs here.

    Raises: UnknownJobError, ArgumentsError; nothing is recorded then.
    """
    job = registry.find(name)
    check_types(job.run, kwargs)
    run = here.run_here(job, kwargs, owner=owner, cause=cause, patience_seconds=patience_seconds)
    return queries.find_run(run.pk)


def run_schedule_now(schedule: PeriodicTask, *, by: AbstractBaseUser, cause: Cause) -> Run:
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


def pause_queue(name: str, *, by: AbstractBaseUser) -> bool:
    """Start nothing more from the queue until resumed, what runs goes on; False when it is paused already."""
    row, _ = Queue.objects.get_or_create(name=name)
    return bool(Queue.objects.filter(pk=row.pk, paused_at=None).update(paused_at=timezone.now(), paused_by=by))


def resume_queue(name: str) -> bool:
    """Let the queue's runs start again; False when it isn't paused."""
    return bool(Queue.objects.filter(pk=name).exclude(paused_at=None).update(paused_at=None, paused_by=None))


def _set_enabled(schedule: PeriodicTask, enabled: bool) -> bool:
    if schedule.enabled == enabled:
        return False
    schedule.enabled = enabled
    # save() and not update(): it also tells beat that schedules have changed.
    schedule.save()
    return True
