"""The rows of a fire time: the run it becomes, or the record of why it became none; writes nothing."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, TypeVar

from celery import current_app
from django_celery_beat.models import PeriodicTask

from jobs.errors import ArgumentsError
from jobs.identifiers import new_correlation_id
from jobs.models import Run, SchedulePlan
from jobs.models.run import Cause
from jobs.policies import Overlap
from jobs.scheduling.jitter import share_of
from jobs.scheduling.overlap import takes_turns
from jobs.states import State
from jobs.task import Job

T = TypeVar("T", list[Any], dict[str, Any])

_ROUTING = ("queue", "exchange", "routing_key")


def new_run(job: Job, plan: SchedulePlan, fire_at: datetime, now: datetime) -> Run:
    """Return the unsaved run of this fire; with jitter it starts at the fire's own share of it.

    Raises: ArgumentsError; ValueError for what is no JSON.
    """
    schedule = plan.schedule
    starts_at = fire_at + share_of(plan.pk, fire_at, most_seconds=plan.jitter_seconds)
    run = job.new_run(
        _json("args", schedule.args or "[]", list),
        _json("kwargs", schedule.kwargs or "{}", dict),
        cause=Cause.SCHEDULE,
        owner=plan.owner_id,
        expires=schedule.expires_,
        priority=schedule.priority,
        eta=starts_at if starts_at > now else None,
        **routing_of(schedule),
    )
    carried = run.options.get("headers") or {}
    run.options["headers"] = {
        **carried,
        **_json("headers", schedule.headers or "{}", dict),
        "periodic_task_name": schedule.name,
    }
    run.schedule_id, run.fire_at, run.correlation_id = plan.pk, fire_at, new_correlation_id()
    if takes_turns(Overlap(plan.overlap)):
        # The job's own key, where it has one, keeps its limit: a run with limit 1 takes the key's first place only.
        run.concurrency_key, run.concurrency_limit = run.concurrency_key or f"schedule:{plan.pk}", 1
    return run


def routing_of(schedule: PeriodicTask) -> dict[str, str | None]:
    """Return where the schedule's runs go, as options of a run."""
    return {name: getattr(schedule, name) or None for name in _ROUTING}


def record(plan: SchedulePlan, fire_at: datetime, now: datetime, state: State, reason: str) -> Run:
    """Return the row that says why this fire, or many from it on, did not run."""
    return Run(
        job=plan.schedule.task,
        queue=plan.schedule.queue or current_app.conf.task_default_queue,
        state=state,
        cause=Cause.SCHEDULE,
        owner_id=plan.owner_id,
        schedule_id=plan.pk,
        fire_at=fire_at,
        created_at=now,
        run_at=fire_at,
        finished_at=now,
        reason=reason[:200],
        correlation_id=new_correlation_id(),
    )


def _json(name: str, text: str, kind: type[T]) -> T:
    value = json.loads(text)
    if not isinstance(value, kind):
        raise ArgumentsError(f"{name} must be a JSON {'list' if kind is list else 'object'}, not {text[:50]}")
    return value
