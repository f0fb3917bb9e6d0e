"""What a schedule's rule says, in words a person reads; changes nothing."""

from __future__ import annotations

from datetime import timedelta

import cron_descriptor
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from jobs.policies import Cron, Every, Schedule

_OPTIONS = cron_descriptor.Options()
_OPTIONS.use_24hour_time_format = True
_UNREADABLE = (
    cron_descriptor.FormatException,
    cron_descriptor.MissingFieldException,
    cron_descriptor.WrongArgumentException,
)
_PERIODS = (("day", 86_400), ("hour", 3_600), ("minute", 60))


def rule_words(schedule: PeriodicTask) -> str:
    """Return when the schedule fires, such as `Every 5 minutes` or `At 02:00, Monday through Friday`."""
    if schedule.crontab:
        return crontab_words(crontab_expression(schedule.crontab))
    if schedule.interval:
        interval = schedule.interval
        return period_words(timedelta(**{interval.period: interval.every}).total_seconds())
    if schedule.clocked:
        return f"Once, at {schedule.clocked.clocked_time:%Y-%m-%d %H:%M} UTC"
    return str(schedule.solar or "never")


def zone_words(schedule: PeriodicTask) -> str:
    """Return the zone of the wall clock that the rule means; empty for rules without one."""
    return str(schedule.crontab.timezone) if schedule.crontab else ""


def declared_words(schedule: Schedule | None) -> str:
    """Return when a job declared with this schedule runs; empty without one."""
    match schedule:
        case Every(seconds):
            return period_words(seconds)
        case Cron(expression, zone):
            return f"{crontab_words(expression)} ({zone})"
        case None:
            return ""


def crontab_words(expression: str) -> str:
    """Return the five fields in words; the fields themselves where words fail."""
    try:
        return str(cron_descriptor.get_description(expression, _OPTIONS))
    except _UNREADABLE:
        return expression


def crontab_expression(crontab: CrontabSchedule) -> str:
    """Return the row's five fields in cron's order."""
    fields = (crontab.minute, crontab.hour, crontab.day_of_month, crontab.month_of_year, crontab.day_of_week)
    return " ".join(str(field).replace(" ", "") or "*" for field in fields)


def period_words(seconds: float) -> str:
    """Return a period, such as `Every minute`, `Every 5 minutes` or `Every 90 seconds`."""
    unit, length = next(((unit, length) for unit, length in _PERIODS if seconds % length == 0), ("second", 1))
    count = seconds / length
    return f"Every {unit}" if count == 1 else f"Every {count:g} {unit}s"
