"""Rules of iCalendar as Microsoft's patterns, and back: the same days, or none at all."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest

from ingestion.calendars.graph_patterns import pattern_of
from ingestion.calendars.graph_rules import rule_of
from ingestion.calendars.ics_text import parse_calendar
from ingestion.calendars.occurrences import occurrences
from tests.calendars import vcalendar, vevent

pytestmark = pytest.mark.req("AA-1")
START = date(2026, 10, 8)
ZURICH = ZoneInfo("Europe/Zurich")


def pattern(rule: str, start: date = START) -> dict[str, Any] | None:
    return pattern_of(icalendar.vRecur.from_ical(rule), start=start)


def starts(rule: str) -> list[datetime]:
    whole = parse_calendar(vcalendar(vevent("x", "20261008T090000", "20261008T100000", RRULE=rule)))
    year = {"since": datetime(2026, 10, 1, tzinfo=UTC), "until": datetime(2028, 10, 1, tzinfo=UTC)}
    return [each.starts_at for each in occurrences(whole, zone="Europe/Zurich", **year)]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=3",
        "FREQ=WEEKLY",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;WKST=SU",
        "FREQ=MONTHLY",
        "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=8",
        "FREQ=MONTHLY;BYDAY=2TH",
        "FREQ=MONTHLY;BYDAY=-1FR",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=YEARLY",
        "FREQ=YEARLY;BYMONTH=10;BYMONTHDAY=8",
        "FREQ=YEARLY;BYMONTH=10;BYDAY=+2TH",
    ],
)
def test_a_rule_that_becomes_a_pattern_means_the_same_days(rule: str) -> None:
    found = pattern(rule)
    assert found
    back = rule_of({"pattern": found, "range": {"type": "noEnd"}}, start=datetime(2026, 10, 8, 9), zone=ZURICH)
    assert starts(f"{back};UNTIL=20280901T000000Z") == starts(f"{rule};UNTIL=20280901T000000Z")


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=HOURLY",
        "FREQ=DAILY;BYDAY=MO",
        "FREQ=DAILY;BYHOUR=9,17",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=WEEKLY;BYMONTH=5",
        "FREQ=MONTHLY;BYMONTHDAY=1,15",
        "FREQ=MONTHLY;BYMONTHDAY=-1",
        "FREQ=MONTHLY;BYMONTHDAY=31",
        "FREQ=MONTHLY;BYDAY=MO",
        "FREQ=MONTHLY;BYDAY=5MO",
        "FREQ=MONTHLY;BYDAY=1MO,3MO",
        "FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR",
        "FREQ=MONTHLY;BYMONTH=5;BYMONTHDAY=1",
        "FREQ=YEARLY;BYDAY=20MO",
        "FREQ=YEARLY;BYMONTH=5,6;BYMONTHDAY=1",
        "FREQ=YEARLY;BYWEEKNO=20",
        "FREQ=YEARLY;BYYEARDAY=100",
    ],
)
def test_a_rule_that_microsoft_has_no_pattern_for_gets_none(rule: str) -> None:
    assert pattern(rule) is None


def test_the_31st_is_no_pattern_because_short_months_differ() -> None:
    assert pattern("FREQ=MONTHLY", date(2026, 8, 31)) is None
    assert pattern("FREQ=MONTHLY", date(2026, 8, 28)) is not None
