"""A schedule's rule reads as a person would say it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask

from jobs.policies import Schedule, crontab, every
from jobs.schedule_words import declared_words, rule_words, zone_words

NIGHTLY = CrontabSchedule(minute="0", hour="2", timezone="Europe/Zurich")
OFFICE = CrontabSchedule(minute="*/15", hour="7-18", day_of_week="1-5", timezone="UTC")


@pytest.mark.parametrize(
    ("rule", "words", "zone"),
    [
        ({"crontab": NIGHTLY}, "At 02:00", "Europe/Zurich"),
        ({"crontab": OFFICE}, "Every 15 minutes, between 07:00 and 18:59, Monday through Friday", "UTC"),
        ({"interval": IntervalSchedule(every=5, period="minutes")}, "Every 5 minutes", ""),
        ({"interval": IntervalSchedule(every=24, period="hours")}, "Every day", ""),
        (
            {"clocked": ClockedSchedule(clocked_time=datetime(2026, 5, 1, 9, tzinfo=UTC))},
            "Once, at 2026-05-01 09:00 UTC",
            "",
        ),
        ({}, "never", ""),
    ],
)
def test_a_rule_is_said_in_words_and_its_zone_apart(rule: dict[str, Any], words: str, zone: str) -> None:
    schedule = PeriodicTask(name="nightly", **rule)
    assert (rule_words(schedule), zone_words(schedule)) == (words, zone)


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        (None, ""),
        (every(minutes=5), "Every 5 minutes"),
        (every(seconds=90), "Every 90 seconds"),
        (every(hours=1), "Every hour"),
        (crontab("0 2 * * *", zone="Europe/Zurich"), "At 02:00 (Europe/Zurich)"),
        (crontab("a b c d e"), "a b c d e (UTC)"),
    ],
)
def test_a_declared_schedule_is_said_in_the_same_words(declared: Schedule | None, words: str) -> None:
    assert declared_words(declared) == words
