"""The briefing's hours, look-ahead, deadline stages, cooldowns: tables; and a year of briefings in 12 zones."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from notifications.rules import is_a_machines
from notifications.windows import (
    briefing_day,
    deadline_stage,
    end_of_due,
    has_cooled_down,
    is_about_to_start,
    is_due_within,
    waits_too_long,
)

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Los_Angeles",
    "America/St_Johns",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Asia/Kathmandu",
    "Asia/Tokyo",
]


@pytest.mark.req("SW-14")
@pytest.mark.parametrize("zone", ZONES)
def test_over_a_year_of_ticks_each_local_day_has_its_two_hours_and_no_other(zone: str) -> None:
    ticks: Counter[date] = Counter()
    at, local_zone = datetime(2026, 1, 1, tzinfo=UTC), ZoneInfo(zone)
    while at < datetime(2027, 1, 2, tzinfo=UTC):
        if day := briefing_day(at, local_zone):
            local = at.astimezone(local_zone)
            assert (local.date(), local.hour in {7, 8}) == (day, True)
            ticks[day] += 1
        at += timedelta(minutes=5)
    whole = [date(2026, 1, 2) + timedelta(days=number) for number in range(364)]
    assert [ticks[day] for day in whole] == [24] * 364


@pytest.mark.parametrize(
    ("local", "is_time"),
    [("06:59:59", False), ("07:00:00", True), ("08:59:59", True), ("09:00:00", False), ("19:30:00", False)],
)
def test_a_briefing_is_from_seven_to_nine(local: str, is_time: bool) -> None:
    now = datetime.combine(date(2026, 11, 22), time.fromisoformat(local), BERLIN)
    assert briefing_day(now, BERLIN) == (date(2026, 11, 22) if is_time else None)


@pytest.mark.parametrize(
    ("minutes", "expected"), [(-1, False), (0, False), (1, True), (30, True), (30.1, False), (600, False)]
)
def test_a_meeting_is_near_from_the_look_ahead_to_its_start(minutes: float, expected: bool) -> None:
    starts = NOW + timedelta(minutes=minutes)
    assert is_about_to_start(starts, now=NOW, look_ahead=timedelta(minutes=30)) is expected


@pytest.mark.parametrize(
    ("hours", "stage"),
    [(100, None), (72.1, None), (72, 72), (24.1, 72), (24, 24), (3.1, 24), (3, 3), (0.1, 3), (0, None), (-1, None)],
)
def test_a_deadline_has_three_stages(hours: float, stage: int | None) -> None:
    assert deadline_stage(NOW + timedelta(hours=hours), now=NOW) == stage


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("UTC", "2026-11-26T00:00"),
        ("Europe/Berlin", "2026-11-25T23:00"),
        ("Pacific/Auckland", "2026-11-25T11:00"),
        ("America/Los_Angeles", "2026-11-26T08:00"),
    ],
)
def test_a_mere_day_ends_at_the_readers_midnight(zone: str, expected: str) -> None:
    noon = datetime(2026, 11, 25, 12, tzinfo=UTC)
    found = end_of_due(noon, is_day=True, zone=ZoneInfo(zone)).astimezone(UTC)
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)
    assert end_of_due(noon, is_day=False, zone=ZoneInfo(zone)) == noon


@pytest.mark.parametrize(("ago", "expected"), [(None, True), (0, False), (1.99, False), (2, True), (48, True)])
def test_the_same_thing_is_not_told_again_within_two_hours(ago: float | None, expected: bool) -> None:
    last = None if ago is None else NOW - timedelta(hours=ago)
    assert has_cooled_down(last, now=NOW) is expected


@pytest.mark.parametrize(("hours", "expected"), [(-0.1, False), (0, True), (24, True), (24.1, False)])
def test_due_within_a_day(hours: float, expected: bool) -> None:
    assert is_due_within(NOW + timedelta(hours=hours), now=NOW, within=timedelta(hours=24)) is expected


@pytest.mark.parametrize(("days", "expected"), [(0, False), (2.99, False), (3, True), (30, True), (30.1, False)])
def test_an_answer_is_overdue_for_a_while(days: float, expected: bool) -> None:
    sent = NOW - timedelta(days=days)
    assert waits_too_long(sent, now=NOW, days=3, forgotten_after=timedelta(days=30)) is expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("noreply@shop.example", True),
        ("no-reply+7@shop.example", True),
        ("do_not_reply@x.example", True),
        ("MAILER-DAEMON@x.example", True),
        ("bounces+1@x.example", True),
        ("nora@x.example", False),
        ("reply@x.example", False),
    ],
)
def test_some_addresses_are_machines(address: str, expected: bool) -> None:
    assert is_a_machines(address) is expected
