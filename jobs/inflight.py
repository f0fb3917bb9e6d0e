"""Before a deploy: would everything that waits still run under this code? Unfinished runs and enabled schedules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from celery import current_app
from django_celery_beat.models import PeriodicTask

from jobs import registry
from jobs.keyset import BadCursorError, page_of, read_cursor
from jobs.models import Run
from jobs.registry import problem_of_call

if TYPE_CHECKING:
    from jobs.task import Job

BATCH = 2000
_OF_SCHEDULES = "s"


@dataclass(frozen=True, slots=True)
class Misfit:
    """Something that would not run: a run's id or a schedule's name, its job, and why."""

    what: str
    job: str
    problem: str


@dataclass(frozen=True, slots=True)
class Checked:
    """The misfits among the next two thousand; `next` is the cursor of what is not looked at yet, empty at the end."""

    misfits: list[Misfit]
    next: str


def check_inflight() -> Iterator[Misfit]:
    """Yield every unfinished run and enabled schedule that this code would not run."""
    cursor = ""
    while True:
        checked = check_some(cursor)
        yield from checked.misfits
        if not (cursor := checked.next):
            return


def check_some(cursor: str = "") -> Checked:
    """Look at the next of the unfinished runs, newest first, and when none are left of the enabled schedules.

    Raises: BadCursorError
    """
    registry.registered()
    return _check_schedules(cursor) if cursor.startswith(_OF_SCHEDULES) else _check_runs(cursor)


def _check_runs(cursor: str) -> Checked:
    # By their index in this order, and not by that of their states, which has none.
    runs = Run.objects.unfinished().filter(finished_at=None).only("pk", "job", "args", "kwargs", "created_at")
    page = page_of(runs, cursor=read_cursor(cursor) if cursor else None, limit=BATCH)
    misfits = [
        Misfit(f"run {run.pk}", run.job, problem)
        for run in page.runs
        if (problem := _problem(run.job, run.args, run.kwargs))
    ]
    return Checked(misfits, str(page.older or f"{_OF_SCHEDULES}0"))


def _check_schedules(cursor: str) -> Checked:
    if not cursor[1:].isdecimal():
        raise BadCursorError(f"not a cursor: {cursor[:80]!r}")
    enabled = PeriodicTask.objects.filter(enabled=True, pk__gt=int(cursor[1:]))
    schedules = list(enabled.order_by("pk").only("name", "task", "args", "kwargs", "queue")[:BATCH])
    misfits = [
        Misfit(f"schedule {schedule.name}", schedule.task, problem)
        for schedule in schedules
        if (problem := _schedule_problem(schedule))
    ]
    return Checked(misfits, f"{_OF_SCHEDULES}{schedules[-1].pk}" if len(schedules) == BATCH else "")


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
