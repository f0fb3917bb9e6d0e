"""A schedule's rule as one line of text, so that any edit of it, by whatever hand, is seen by comparing."""

from __future__ import annotations

from datetime import UTC

from django_celery_beat.models import PeriodicTask


def rule_of(schedule: PeriodicTask) -> str:
    """Return "cron M H DOM MON DOW @ZONE", "every SECONDS @ANCHOR", "at TIME" or "solar ..."; empty without a rule."""
    start = schedule.start_time
    suffix = f" from {start.astimezone(UTC):%FT%TZ}" if start else ""
    if cron := schedule.crontab:
        fields = (cron.minute, cron.hour, cron.day_of_month, cron.month_of_year, cron.day_of_week)
        return f"cron {' '.join(''.join(f.split()) for f in fields)} @{cron.timezone}{suffix}"
    if interval := schedule.interval:
        return f"every {interval.schedule.run_every.total_seconds():.15g}{suffix}"
    if clocked := schedule.clocked:
        return f"at {clocked.clocked_time.astimezone(UTC):%FT%TZ}"
    if solar := schedule.solar:
        return f"solar {solar.event} {solar.latitude} {solar.longitude}{suffix}"
    return ""
