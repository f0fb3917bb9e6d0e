"""A schedule's rule as one line of text, so that an edit of it shows by comparing, and when it ends."""

from __future__ import annotations

from datetime import UTC, datetime

from django_celery_beat.models import PeriodicTask

from jobs.models import SchedulePlan

RULES = ("crontab", "interval", "clocked", "solar")


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
