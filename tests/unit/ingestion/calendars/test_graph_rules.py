"""Each pattern of Microsoft's as a rule, and what it gives."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ingestion.calendars.errors import UnreadableCalendarError
from ingestion.calendars.graph_rules import rule_of

ZURICH = ZoneInfo("Europe/Zurich")
START = datetime(2026, 10, 8, 9, tzinfo=ZURICH)
FOREVER = {"type": "noEnd", "startDate": "2026-10-08"}


def rule(pattern: dict[str, Any], span: dict[str, Any] = FOREVER, start: Any = START) -> str:
    return rule_of({"pattern": pattern, "range": span}, start=start, zone=ZURICH)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"type": "daily", "interval": 3}, "FREQ=DAILY;INTERVAL=3"),
        (
            {"type": "weekly", "interval": 2, "daysOfWeek": ["monday", "friday"], "firstDayOfWeek": "sunday"},
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;WKST=SU",
        ),
        ({"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 15}, "FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=15"),
        (
            {"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["tuesday", "thursday"], "index": "last"},
            "FREQ=MONTHLY;INTERVAL=1;BYDAY=TU,TH;BYSETPOS=-1",
        ),
        (
            {"type": "absoluteYearly", "interval": 1, "dayOfMonth": 24, "month": 12},
            "FREQ=YEARLY;INTERVAL=1;BYMONTH=12;BYMONTHDAY=24",
        ),
        (
            {"type": "relativeYearly", "interval": 1, "daysOfWeek": ["sunday"], "index": "second", "month": 5},
            "FREQ=YEARLY;INTERVAL=1;BYMONTH=5;BYDAY=SU;BYSETPOS=2",
        ),
    ],
)
def test_every_pattern_has_a_rule(pattern: dict[str, Any], expected: str) -> None:
    assert rule(pattern) == expected


def test_the_last_day_counts_whole_in_the_zone_of_the_event() -> None:
    daily = {"type": "daily", "interval": 1}
    until = {"type": "endDate", "startDate": "2026-10-08", "endDate": "2026-10-30"}
    assert rule(daily, until) == "FREQ=DAILY;INTERVAL=1;UNTIL=20261030T225959Z"
    assert rule(daily, until, date(2026, 10, 8)) == "FREQ=DAILY;INTERVAL=1;UNTIL=20261030"
    assert rule(daily, {"type": "numbered", "numberOfOccurrences": 4}) == "FREQ=DAILY;INTERVAL=1;COUNT=4"


@pytest.mark.parametrize("pattern", [{}, {"type": "hourly"}, {"type": "absoluteMonthly", "dayOfMonth": "x"}])
def test_what_is_no_pattern_is_refused(pattern: dict[str, Any]) -> None:
    with pytest.raises(UnreadableCalendarError):
        rule(pattern)
