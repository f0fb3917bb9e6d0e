"""A schedule's rule as text: every kind, and any edit shows."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule

from jobs.scheduling.rules import rule_of

NEW_YEAR = datetime(2026, 1, 1, 0, 0, tzinfo=ZoneInfo("Europe/Zurich"))


@pytest.mark.parametrize(
    ("schedule", "rule"),
    [
        (PeriodicTask(), ""),
        (PeriodicTask(interval=IntervalSchedule(every=5, period="minutes")), "every 300"),
        (PeriodicTask(interval=IntervalSchedule(every=2, period="days")), "every 172800"),
        (PeriodicTask(interval=IntervalSchedule(every=500000, period="microseconds")), "every 0.5"),
        (
            PeriodicTask(crontab=CrontabSchedule(minute="0, 30", hour="2", timezone=ZoneInfo("Europe/Zurich"))),
            "cron 0,30 2 * * * @Europe/Zurich",
        ),
        (PeriodicTask(clocked=ClockedSchedule(clocked_time=NEW_YEAR)), "at 2025-12-31T23:00:00Z"),
        (
            PeriodicTask(interval=IntervalSchedule(every=1, period="hours"), start_time=NEW_YEAR),
            "every 3600 from 2025-12-31T23:00:00Z",
        ),
        (PeriodicTask(solar=SolarSchedule(event="sunset", latitude=47, longitude=8)), "solar sunset 47 8"),
    ],
)
@pytest.mark.req("PL-2")
def test_each_kind_of_schedule_has_its_rule(schedule: PeriodicTask, rule: str) -> None:
    assert rule_of(schedule) == rule


@pytest.mark.parametrize("seconds", [1, 86_400, 1_234_567, 100_000_000])
def test_a_long_period_keeps_every_second(seconds: int) -> None:
    rule = rule_of(PeriodicTask(interval=IntervalSchedule(every=seconds, period="seconds")))
    assert float(rule.removeprefix("every ")) == seconds


def test_a_naive_looking_utc_start_stays_what_it_was() -> None:
    start = datetime(2025, 1, 1, tzinfo=UTC)
    rule = rule_of(PeriodicTask(interval=IntervalSchedule(every=1, period="hours"), start_time=start))
    assert rule == "every 3600 from 2025-01-01T00:00:00Z"
