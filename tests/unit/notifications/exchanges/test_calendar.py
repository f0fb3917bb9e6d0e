"""When an exchange reminds, ends, warns and is purged: tables, over both changes of the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from notifications.exchanges.calendar import (
    Dates,
    is_over,
    is_time_for,
    is_to_purge,
    is_to_warn,
    reminder_times,
)
from notifications.exchanges.states import TRANSITIONS, ExchangeState, may_become

ZONES = [
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Pacific/Kiritimati",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "UTC",
]
EARLY = datetime(2025, 1, 1, tzinfo=UTC)


def dates(day: date = date(2026, 12, 24), zone: str = "Europe/Berlin", **fields: Any) -> Dates:
    usual: dict[str, Any] = {"state": "matched", "clock": time(9), "days_before": [7, 3, 1]}
    return Dates(day=day, zone=ZoneInfo(zone), **{**usual, **fields})


@pytest.mark.req("SK-1")
@pytest.mark.parametrize("zone", ZONES)
def test_reminders_are_at_the_same_wall_clock_time_on_every_day_of_a_year(zone: str) -> None:
    for number in range(366):
        day = date(2026, 1, 1) + timedelta(days=number)
        found = reminder_times(dates(day, zone), now=EARLY)
        local = {days: at.astimezone(ZoneInfo(zone)) for days, at in found.items()}
        assert {days: (at.date(), at.time()) for days, at in local.items()} == {
            days: (day - timedelta(days=days), time(9)) for days in (7, 3, 1)
        }


@pytest.mark.parametrize(
    ("now", "fields", "expected"),
    [
        ("2026-12-01T00:00", {}, [1, 3, 7]),
        ("2026-12-17T07:59", {}, [1, 3, 7]),
        ("2026-12-17T08:00", {}, [1, 3]),
        ("2026-12-23T08:00", {}, []),
        ("2026-12-01T00:00", {"done": [3]}, [1, 7]),
        ("2026-12-01T00:00", {"days_before": []}, []),
        ("2026-12-01T00:00", {"days_before": [2, 2, -1]}, [2]),
        ("2026-12-01T00:00", {"state": "draft"}, []),
        ("2026-12-01T00:00", {"state": "open"}, []),
        ("2026-12-01T00:00", {"state": "completed"}, []),
        ("2026-12-01T00:00", {"state": "purged"}, []),
    ],
)
def test_past_reminders_are_skipped_and_only_matched_exchanges_remind(
    now: str, fields: dict[str, Any], expected: list[int]
) -> None:
    done = fields.pop("done", [])
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert sorted(reminder_times(dates(**fields), now=at, done=done)) == expected


@pytest.mark.parametrize(
    ("now", "days", "expected"),
    [
        ("2026-12-17T07:59:59", 7, False),
        ("2026-12-17T08:00:00", 7, True),
        ("2026-12-17T09:00:00", 7, True),
        ("2026-12-17T09:00:01", 7, False),
        ("2026-12-17T08:00:00", 3, False),
        ("2026-12-17T08:00:00", 5, False),
    ],
)
def test_a_reminder_is_sent_from_its_time_for_an_hour(now: str, days: int, expected: bool) -> None:
    assert is_time_for(dates(), days, now=datetime.fromisoformat(now).replace(tzinfo=UTC)) is expected


@pytest.mark.parametrize(
    ("zone", "now", "expected"),
    [
        ("UTC", "2026-12-24T23:59:59", False),
        ("UTC", "2026-12-25T00:00:00", True),
        ("Pacific/Kiritimati", "2026-12-24T10:00:00", True),
        ("America/Los_Angeles", "2026-12-25T07:59:59", False),
        ("America/Los_Angeles", "2026-12-25T08:00:00", True),
    ],
)
def test_an_exchange_is_over_when_its_day_is_where_it_is_held(zone: str, now: str, expected: bool) -> None:
    assert is_over(date(2026, 12, 24), ZoneInfo(zone), now=datetime.fromisoformat(now).replace(tzinfo=UTC)) is expected


@pytest.mark.parametrize(
    ("days", "warned", "warns", "purges"),
    [
        (0, False, False, False),
        (22.99, False, False, False),
        (23, False, True, False),
        (23, True, False, False),
        (29.99, False, True, False),
        (30, False, False, True),
        (30, True, False, True),
        (400, False, False, True),
    ],
)
def test_it_warns_once_between_day_23_and_30_and_purges_then(
    days: float, warned: bool, warns: bool, purges: bool
) -> None:
    completed = datetime(2026, 1, 1, tzinfo=UTC)
    now = completed + timedelta(days=days)
    assert is_to_warn(completed, completed if warned else None, now=now) is warns
    assert is_to_purge(completed, now=now) is purges


def test_states_lead_only_where_they_may() -> None:
    ways = {(a.value, b.value) for a in ExchangeState for b in ExchangeState if may_become(a, b)}
    assert ways == {
        ("draft", "open"),
        ("open", "draft"),
        ("open", "matched"),
        ("matched", "open"),
        ("matched", "completed"),
        ("completed", "purged"),
    }
    assert set(TRANSITIONS) == set(ExchangeState)
