"""Quiet hours, daily cap and digest: tables, and what must hold for any numbers."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.pacing import Pace, at_wall_clock, pace, quiet_until, start_of_day, tomorrow

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("waiting", "sent_today", "daily_cap", "digest_from", "expected"),
    [
        (0, 0, None, None, Pace()),
        (3, 9, None, None, Pace(alone=3)),
        (9, 0, None, 10, Pace(alone=9)),
        (10, 0, None, 10, Pace(bundled=10)),
        (1, 0, None, 1, Pace(alone=1)),
        (5, 0, 5, None, Pace(alone=5)),
        (6, 0, 5, None, Pace(alone=4, bundled=2)),
        (6, 3, 5, None, Pace(alone=1, bundled=5)),
        (6, 4, 5, None, Pace(bundled=6)),
        (1, 4, 5, None, Pace(alone=1)),
        (6, 5, 5, None, Pace(held=6)),
        (20, 5, 5, 10, Pace(held=20)),
        (20, 2, 5, 10, Pace(bundled=20)),
        (2, 9, 5, None, Pace(held=2)),
        (2, 0, 0, None, Pace(held=2)),
    ],
)
def test_the_pace_is_what_the_user_chose(
    waiting: int, sent_today: int, daily_cap: int | None, digest_from: int | None, expected: Pace
) -> None:
    assert pace(waiting, sent_today=sent_today, daily_cap=daily_cap, digest_from=digest_from) == expected


@given(
    waiting=st.integers(0, 200),
    sent=st.integers(0, 50),
    cap=st.none() | st.integers(0, 50),
    digest=st.none() | st.integers(0, 50),
)
def test_nobody_is_left_out_and_the_cap_holds(waiting: int, sent: int, cap: int | None, digest: int | None) -> None:
    found = pace(waiting, sent_today=sent, daily_cap=cap, digest_from=digest)
    assert found.alone + found.bundled + found.held == waiting
    assert found.bundled != 1
    messages = found.alone + bool(found.bundled)
    assert cap is None or messages <= max(0, cap - sent)


@pytest.mark.parametrize(
    ("local", "start", "end", "expected"),
    [
        ("2026-11-22T21:59:59", "22:00", "07:00", None),
        ("2026-11-22T22:00:00", "22:00", "07:00", "2026-11-23T07:00"),
        ("2026-11-23T06:59:59", "22:00", "07:00", "2026-11-23T07:00"),
        ("2026-11-23T07:00:00", "22:00", "07:00", None),
        ("2026-11-23T13:00:00", "12:00", "14:00", "2026-11-23T14:00"),
        ("2026-11-23T14:00:00", "12:00", "14:00", None),
        ("2026-11-23T13:00:00", "12:00", "12:00", None),
        ("2026-03-29T01:30:00", "22:00", "02:30", "2026-03-29T03:30"),  # 02:30 does not exist that night
        ("2026-10-25T01:30:00", "22:00", "02:30", "2026-10-25T02:30"),  # the first of two
    ],
)
def test_quiet_hours_end_at_the_next_wall_clock_end(local: str, start: str, end: str, expected: str | None) -> None:
    now = datetime.fromisoformat(local).replace(tzinfo=BERLIN)
    found = quiet_until(now, start=time.fromisoformat(start), end=time.fromisoformat(end), zone=BERLIN)
    wanted = datetime.fromisoformat(expected).replace(tzinfo=BERLIN) if expected else None
    assert (found and found.astimezone(UTC)) == (wanted and wanted.astimezone(UTC))


def test_quiet_hours_in_the_second_of_two_equal_hours_end_in_it() -> None:
    second = datetime(2026, 10, 25, 2, 10, fold=1, tzinfo=BERLIN)
    found = quiet_until(second, start=time(22), end=time(2, 30), zone=BERLIN)
    assert found is not None
    assert found.astimezone(UTC) - second.astimezone(UTC) == timedelta(minutes=20)


@pytest.mark.parametrize(("start", "end"), [(None, None), (time(22), None), (None, time(7))])
def test_who_sets_no_quiet_hours_has_none(start: time | None, end: time | None) -> None:
    assert quiet_until(datetime(2026, 11, 22, 23, tzinfo=UTC), start=start, end=end, zone=BERLIN) is None


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)), st.times(), st.times())
def test_quiet_hours_end_within_a_day_and_are_over_then(now: datetime, start: time, end: time) -> None:
    found = quiet_until(now, start=start, end=end, zone=BERLIN)
    if found is not None:
        assert timedelta(0) < found.astimezone(UTC) - now <= timedelta(hours=25)


def test_a_local_day_begins_and_ends_at_local_midnight() -> None:
    now = datetime(2026, 3, 29, 12, tzinfo=UTC)
    length = tomorrow(now, BERLIN).astimezone(UTC) - start_of_day(now, BERLIN).astimezone(UTC)
    assert length == timedelta(hours=23)
    assert at_wall_clock(now.date(), time(9), BERLIN).astimezone(UTC).hour == 7
