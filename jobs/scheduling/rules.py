"""A schedule's rule as one line of text, so that an edit of it shows by comparing, and when it ends."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar

from django.db.models import Model
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from jobs.models import SchedulePlan

M = TypeVar("M", bound=Model)

RULES = ("crontab", "interval", "clocked", "solar")
_CRON_FIELDS = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")


def rule_of(schedule: PeriodicTask) -> str:
    """Return "cron M H DOM MON DOW @ZONE", "every SECONDS", "at TIME" or "solar EVENT LAT LON", with " from START".

    Empty without a rule.
    """
    suffix = f" from {_text(schedule.start_time)}" if schedule.start_time else ""
    if cron := schedule.crontab:
        fields = (cron.minute, cron.hour, cron.day_of_month, cron.month_of_year, cron.day_of_week)
        return f"cron {' '.join(''.join(f.split()) for f in fields)} @{cron.timezone}{suffix}"
    if interval := schedule.interval:
        return f"every {interval.schedule.run_every.total_seconds():.15g}{suffix}"
    if clocked := schedule.clocked:
        return f"at {_text(clocked.clocked_time)}"
    if solar := schedule.solar:
        return f"solar {solar.event} {solar.latitude} {solar.longitude}{suffix}"
    return ""


def end_of(schedule: PeriodicTask, plan: SchedulePlan) -> datetime | None:
    """Return when the schedule ends: the plan's end or django-celery-beat's expiry, whichever is first."""
    return min((end for end in (plan.end_at, schedule.expires) if end is not None), default=None)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def crontab_of(expression: str, *, zone: str) -> CrontabSchedule:
    """Return an unsaved row of the five fields of a cron expression."""
    return CrontabSchedule(**dict(zip(_CRON_FIELDS, expression.split(), strict=True)), timezone=zone)


def shared_row(row: M) -> M:
    """Return the oldest saved row that is alike, made of this one if need be.

    Nothing keeps these tables from holding several that are alike.
    """
    meta = row._meta  # noqa: SLF001 - Django's documented way to a model's fields
    values = {field.name: getattr(row, field.name) for field in meta.fields if not field.primary_key}
    alike: M | None = type(row)._default_manager.filter(**values).order_by("pk").first()  # noqa: SLF001 - the same
    if alike is None:
        row.save()
    return alike or row
