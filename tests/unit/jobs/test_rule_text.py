"""A rule is typed as people would, read back as written, and refused with what to write instead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule

from jobs.policies import Cron
from jobs.rule_text import Once, Period, RuleTextError, Solar, WrittenRule, read_rule, rule_text

ZURICH = "Europe/Zurich"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("0 8 * * 1-5", Cron("0 8 * * 1-5", ZURICH)),
        ("  0   8 * * MON-FRI ", Cron("0 8 * * MON-FRI", ZURICH)),
        ("cron */5 * * * *", Cron("*/5 * * * *", ZURICH)),
        ("@daily", Cron("0 0 * * *", ZURICH)),
        ("daily 07:30", Cron("30 7 * * *", ZURICH)),
        ("Daily at 7:05", Cron("5 7 * * *", ZURICH)),
        ("weekly mon 23:59", Cron("59 23 * * 1", ZURICH)),
        ("weekly Sunday at 00:00", Cron("0 0 * * 0", ZURICH)),
        ("every 5 minutes", Period(5, "minutes")),
        ("every day", Period(1, "days")),
        ("90s", Period(90, "seconds")),
        ("2 h", Period(2, "hours")),
        ("solar sunrise 47.37 8.54", Solar("sunrise", "47.37", "8.54")),
    ],
)
def test_a_rule_is_read_in_the_words_people_use(text: str, rule: WrittenRule) -> None:
    assert read_rule(text, zone=ZURICH) == rule


@pytest.mark.parametrize("text", ["at 2030-07-01 09:00", "2030-07-01T09:00", "once 2030-07-01 09:00:00"])
def test_a_moment_without_offset_is_in_the_zone(text: str) -> None:
    rule = read_rule(text, zone=ZURICH)
    assert isinstance(rule, Once)
    assert (rule.at.astimezone(UTC), rule.at.utcoffset()) == (datetime(2030, 7, 1, 7, tzinfo=UTC), timedelta(hours=2))


@pytest.mark.parametrize(
    ("text", "zone", "said"),
    [
        ("", "UTC", "write `0 8 \\* \\* 1-5`"),
        ("banana", "UTC", "'banana' is no rule"),
        ("every 5 bananas", "UTC", "'every 5 bananas' is no rule"),
        ("every 0 minutes", "UTC", "at least 1"),
        ("0 8 * *", "UTC", "is no rule"),
        ("daily 24:00", "UTC", "hours 0-23"),
        ("daily", "UTC", "hours 0-23"),
        ("weekly 07:30", "UTC", "weekly mon 07:30"),
        ("weekly foo 07:30", "UTC", "weekly mon 07:30"),
        ("at 2030-02-30 09:00", "UTC", "is no rule"),
        ("solar eclipse 1 2", "UTC", "events are dawn_astronomical"),
        ("daily 07:30", "Europe/Zurick", "did you mean Europe/Zurich"),
        ("daily 07:30", "", "is no time zone"),
    ],
)
def test_what_is_no_rule_is_refused_with_what_to_write(text: str, zone: str, said: str) -> None:
    with pytest.raises(RuleTextError, match=said):
        read_rule(text, zone=zone)


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"crontab": CrontabSchedule(minute="0, 30", hour="8", timezone=ZURICH)}, "0,30 8 * * *"),
        ({"interval": IntervalSchedule(every=5, period="minutes")}, "every 5 minutes"),
        (
            {"clocked": ClockedSchedule(clocked_time=datetime(2030, 5, 1, 9, tzinfo=UTC))},
            "at 2030-05-01 09:00:00+00:00",
        ),
        ({"solar": SolarSchedule(event="sunset", latitude="47.1", longitude="8.2")}, "solar sunset 47.1 8.2"),
        ({}, ""),
    ],
)
def test_the_text_of_a_row_reads_back_as_the_same_rule(row: dict[str, object], text: str) -> None:
    assert rule_text(PeriodicTask(**row)) == text
    if text:
        read_rule(text)
