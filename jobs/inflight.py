"""Before a deploy: would everything that waits still run under this code? Unfinished runs and enabled schedules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from celery import current_app
from django_celery_beat.models import PeriodicTask

from jobs import registry
from jobs.models import Run
from jobs.registry import problem_of_call

if TYPE_CHECKING:
    from jobs.task import Job

BATCH = 1000


@dataclass(frozen=True, slots=True)
class Misfit:
    """Something that would not run: a run's id or a schedule's name, its job, and why."""

    what: str
    job: str
    problem: str


def check_inflight() -> Iterator[Misfit]:
    """Yield every unfinished run and enabled schedule that this code would not run."""
    registry.registered()
    runs = Run.objects.unfinished().only("pk", "job", "args", "kwargs").order_by("pk")
    for run in runs.iterator(chunk_size=BATCH):
        if problem := _problem(run.job, run.args, run.kwargs):
            yield Misfit(f"run {run.pk}", run.job, problem)
    for schedule in PeriodicTask.objects.filter(enabled=True).order_by("name").iterator(chunk_size=BATCH):
        if problem := _schedule_problem(schedule):
            yield Misfit(f"schedule {schedule.name}", schedule.task, problem)


def _schedule_problem(schedule: PeriodicTask) -> str:
    try:
        args, kwargs = json.loads(schedule.args or "[]"), json.loads(schedule.kwargs or "{}")
    except ValueError as error:
        return f"its arguments are not JSON: {error}"
    if not isinstance(args, list) or not isinstance(kwargs, dict):
        return "its arguments must be a JSON list, its keyword arguments a JSON object"
    return _problem(schedule.task, args, kwargs) or _queue_problem(schedule.queue)


def _problem(name: str, args: list[Any], kwargs: dict[str, Any]) -> str:
    job = cast("Job | None", current_app.tasks.get(name))
    return "no job of that name" if job is None else problem_of_call(job, args, kwargs)


def _queue_problem(queue: str | None) -> str:
    known = current_app.amqp.queues
    return f"no queue is called {queue}" if queue and queue not in known else ""
