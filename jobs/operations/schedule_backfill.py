"""Past fire times of a schedule get their runs after all: each once, however often asked, at the window's pace."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django_celery_beat.models import PeriodicTask

from jobs import ledger, queries, registry
from jobs.errors import RefusedError
from jobs.models import Run
from jobs.operations.schedule_record import Asker, check_theirs
from jobs.operations.schedules import run_of
from jobs.queries.schedule_settings import settings_of


def backfill(schedule: PeriodicTask, *, first: datetime, until: datetime, confirmed: int, by: Asker) -> int:
    """Enqueue a run for each fire time from `first` to `until` that has none; returns how many.

    `confirmed` is the number that the person saw and agreed to. They wait in the database and go out as the queue's
    window has room. A fire time that was MISSED or SKIPPED has no run in this sense.

    Raises: NoSuchScheduleError when it isn't theirs; RefusedError for other numbers, too many, or a range not past;
    RuleError, UnknownJobError, ArgumentsError.
    """
    check_theirs(schedule, by)
    wanted = queries.backfill_of(schedule, first=first, until=until)
    if len(wanted.fires) != confirmed:
        raise RefusedError(f"there are {len(wanted.fires)} runs to enqueue now, not {confirmed}; look again")
    job, now = registry.find(schedule.task), ledger.now()
    known = settings_of(schedule)
    runs = [run_of(schedule, job, known, owner=by.user, cause=by.cause) for _ in wanted.fires]
    for run, fire_at in zip(runs, wanted.fires, strict=True):
        run.schedule_id, run.fire_at, run.published_at = schedule.pk, fire_at, None
    with transaction.atomic():
        ledger.free_ticks(schedule.pk, wanted.fires, reason=f"backfilled {now:%F %T}")
        ledger.enqueue_many(runs)
        return Run.objects.filter(pk__in=[run.pk for run in runs]).count()
