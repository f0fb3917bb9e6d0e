"""Cron: fields as Celery reads them; the wall clock through every kind of change, nothing lost, nothing doubled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from celery.schedules import crontab_parser
from hypothesis import given
from hypothesis import strategies as st

from jobs.errors import RuleError
from jobs.scheduling.cron import MINUTE, read_cron

ZONES = sorted(zone for zone in available_timezones() if not zone.startswith(("posix", "right", "Etc", "System")))


def shown(expression: str, zone: str, after: str, count: int) -> list[str]:
    moment = datetime.fromisoformat(after).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    found = []
    for _ in range(count):
        moment = read_cron(expression).next_after(moment, ZoneInfo(zone))
        found.append(f"{moment.astimezone(ZoneInfo(zone)):%m-%d %H:%M %z}")
    return found


NEW_YORK, BERLIN, LORD_HOWE = "America/New_York", "Europe/Berlin", "Australia/Lord_Howe"
APIA, SAO_PAULO, RIGA = "Pacific/Apia", "America/Sao_Paulo", "Europe/Riga"


@pytest.mark.parametrize(
    ("zone", "expression", "after", "fires"),
    [
        # New York: 2025-03-09 02:00 -> 03:00, 2025-11-02 02:00 -> 01:00.
        (NEW_YORK, "30 2 * * *", "2025-03-08 12:00", ["03-09 03:00 -0400", "03-10 02:30 -0400"]),
        (NEW_YORK, "15,45 2 * * *", "2025-03-08 12:00", ["03-09 03:00 -0400", "03-10 02:15 -0400"]),
        (NEW_YORK, "30 1 * * *", "2025-11-01 12:00", ["11-02 01:30 -0400", "11-03 01:30 -0500"]),
        (NEW_YORK, "0 2 * * *", "2025-11-01 12:00", ["11-02 02:00 -0500", "11-03 02:00 -0500"]),
        (NEW_YORK, "*/30 1 * * *", "2025-11-02 00:50", ["11-02 01:00 -0400", "11-02 01:30 -0400", "11-02 01:00 -0500"]),
        # Berlin: 2025-03-30 02:00 -> 03:00, 2025-10-26 03:00 -> 02:00.
        (BERLIN, "0 2 * * *", "2025-03-29 12:00", ["03-30 03:00 +0200", "03-31 02:00 +0200"]),
        (BERLIN, "0 2,3 * * *", "2025-03-29 12:00", ["03-30 03:00 +0200", "03-31 02:00 +0200"]),
        (BERLIN, "30 2 * * *", "2025-10-25 12:00", ["10-26 02:30 +0200", "10-27 02:30 +0100"]),
        (BERLIN, "0 * * * *", "2025-10-26 01:30", ["10-26 02:00 +0200", "10-26 02:00 +0100", "10-26 03:00 +0100"]),
        (BERLIN, "0 * * * *", "2025-03-30 00:30", ["03-30 01:00 +0100", "03-30 03:00 +0200"]),
        # Lord Howe changes by half an hour: 2025-10-05 02:00 -> 02:30, 2025-04-06 02:00 -> 01:30.
        (LORD_HOWE, "15 2 * * *", "2025-10-04 12:00", ["10-05 02:30 +1100", "10-06 02:15 +1100"]),
        (LORD_HOWE, "30 2 * * *", "2025-10-04 12:00", ["10-05 02:30 +1100", "10-06 02:30 +1100"]),
        (LORD_HOWE, "45 1 * * *", "2025-04-05 12:00", ["04-06 01:45 +1100", "04-07 01:45 +1030"]),
        (
            LORD_HOWE,
            "*/15 * * * *",
            "2025-04-06 01:44",
            ["04-06 01:45 +1100", "04-06 01:30 +1030", "04-06 01:45 +1030"],
        ),
        # Apia left out 2011-12-30 as a whole.
        (APIA, "30 9 * * *", "2011-12-28 12:00", ["12-29 09:30 -1000", "12-31 00:00 +1400", "12-31 09:30 +1400"]),
        (APIA, "0 9 30 * *", "2011-12-01 00:00", ["12-31 00:00 +1400", "01-30 09:00 +1400"]),
        (APIA, "0 * * * *", "2011-12-29 22:30", ["12-29 23:00 -1000", "12-31 00:00 +1400"]),
        # Sao Paulo, at midnight: 2017-10-15 00:00 -> 01:00, 2018-02-18 00:00 -> 23:00 of the 17th; none since 2019.
        (SAO_PAULO, "0 0 * * *", "2017-10-14 12:00", ["10-15 01:00 -0200", "10-16 00:00 -0200"]),
        (SAO_PAULO, "30 0 * * 0", "2017-10-14 12:00", ["10-15 01:00 -0200", "10-22 00:30 -0200"]),
        (SAO_PAULO, "30 23 * * *", "2018-02-17 12:00", ["02-17 23:30 -0200", "02-18 23:30 -0300"]),
        (
            SAO_PAULO,
            "*/30 * * * 6",
            "2018-02-17 23:10",
            ["02-17 23:30 -0200", "02-17 23:00 -0300", "02-17 23:30 -0300"],
        ),
        (SAO_PAULO, "0 0 * * *", "2025-10-18 12:00", ["10-19 00:00 -0300", "10-20 00:00 -0300"]),
        # St. John's, a minute past midnight: 2006-10-29 00:01 -> 23:01 of the 28th.
        ("America/St_Johns", "*/30 * * * 6", "2006-10-28 23:10", ["10-28 23:30 -0230", "10-28 23:30 -0330"]),
    ],
)
@pytest.mark.req("SK-1")
def test_the_clock_is_changed(zone: str, expression: str, after: str, fires: list[str]) -> None:
    found = shown(expression, zone, after, len(fires))
    assert found == fires


@pytest.mark.parametrize(
    ("expression", "after", "fires"),
    [
        # Riga 2021: 03-28 03:00 -> 04:00, 10-31 04:00 -> 03:00. The situations of cronsim's own table.
        ("0 * * * *", "03-28 01:30", "02:00+2 04:00+3"),
        ("0 * * * *", "10-31 01:30", "02:00+3 03:00+3 03:00+2 04:00+2"),
        ("*/30 * * * *", "03-28 02:10", "02:30+2 04:00+3 04:30+3"),
        ("*/30 * * * *", "10-31 02:40", "03:00+3 03:30+3 03:00+2 03:30+2 04:00+2"),
        ("*/15 * * * *", "03-28 02:40", "02:45+2 04:00+3"),
        ("0 */2 * * *", "03-28 01:30", "02:00+2 04:00+3 06:00+3"),
        ("0 */2 * * *", "10-31 01:30", "02:00+3 04:00+2 06:00+2"),
        ("30 */2 * * *", "03-28 01:30", "02:30+2 04:30+3"),
        ("30 */2 * * *", "10-31 01:30", "02:30+3 04:30+2"),
        ("0 */3 * * *", "10-31 01:30", "03:00+3 03:00+2 06:00+2"),
        ("0 1,2,3,4,5 * * *", "03-28 01:30", "02:00+2 04:00+3 05:00+3"),
        ("0 1-5 * * *", "10-31 01:30", "02:00+3 03:00+3 04:00+2"),
        ("30 1,2,3,4,5 * * *", "03-28 01:30", "02:30+2 04:00+3 04:30+3"),
        ("30 1,2,3,4,5 * * *", "10-31 01:30", "02:30+3 03:30+3 04:30+2"),
        ("0 3 * * *", "03-27 01:30", "03:00+2 04:00+3 03:00+3"),
        ("0 3 * * *", "10-31 01:30", "03:00+3 03:00+2"),
        ("0 4 * * *", "10-30 01:30", "04:00+3 04:00+2 04:00+2"),
        ("0 1,3,5,7,9 * * *", "03-28 00:30", "01:00+2 04:00+3 05:00+3"),
        ("0 1,3,5,7,9 * * *", "10-31 00:30", "01:00+3 03:00+3 05:00+2"),
        ("15 3 * * *", "03-27 00:00", "03:15+2 04:00+3 03:15+3"),
        ("15 3 * * *", "10-30 00:00", "03:15+3 03:15+3 03:15+2"),
        ("* * * * *", "03-28 02:58", "02:59+2 04:00+3"),
        ("* 1-6 * * *", "10-31 03:58", "03:59+3 03:00+2 03:01+2"),
    ],
)
@pytest.mark.req("SK-1")
def test_the_situations_that_cronsim_tests(expression: str, after: str, fires: str) -> None:
    wanted = fires.split()
    found = shown(expression, RIGA, f"2021-{after}", len(wanted))
    assert [f"{fire[6:11]}+{fire[-3]}" for fire in found] == wanted


@cache
def changes(zone: str) -> list[datetime]:
    """Return (UTC, to the minute) when the zone's clock was or will be changed between February 1972 and 2037.

    Until 7 January 1972 Liberia's was off by seconds, too; none has been since.
    """
    start, end, day = datetime(1972, 2, 1, tzinfo=UTC), datetime(2037, 12, 31, tzinfo=UTC), timedelta(days=1)
    found, moment, offset = [], start, start.astimezone(ZoneInfo(zone)).utcoffset()
    while moment < end:
        moment += day
        if moment.astimezone(ZoneInfo(zone)).utcoffset() != offset:
            early, late = moment - day, moment
            while late - early > MINUTE:
                middle = early + (late - early) // 2
                same = middle.astimezone(ZoneInfo(zone)).utcoffset() == offset
                early, late = (middle, late) if same else (early, middle)
            found.append(late.replace(second=0, microsecond=0))
            offset = moment.astimezone(ZoneInfo(zone)).utcoffset()
    return found


def walked(expression: str, zone: ZoneInfo, start: datetime, hours: int) -> Iterator[datetime]:
    """Yield the fires by looking at the clock every minute: what it shows, and what it leapt over."""
    rule, seen = read_cron(expression), set[datetime]()
    for minute in range(1, hours * 60 + 1):
        moment = start + minute * MINUTE
        wall = moment.astimezone(zone).replace(tzinfo=None, fold=0)
        before = (moment - MINUTE).astimezone(zone).replace(tzinfo=None, fold=0)
        if rule.follows_elapsed:
            if matches(expression, wall):
                yield moment
            continue
        leapt = [before + n * MINUTE for n in range(1, int((wall - before) / MINUTE))]
        new = {each for each in [*leapt, wall] if matches(expression, each)} - seen
        seen |= new
        if new:
            yield moment


def matches(expression: str, wall: datetime) -> bool:
    rule = read_cron(expression)
    day = wall.day in rule.days and wall.month in rule.months and wall.isoweekday() % 7 in rule.weekdays
    return day and wall.hour in rule.hours and wall.minute in rule.minutes


FIELDS = st.tuples(
    st.sampled_from(["*", "0", "30", "*/15", "1,31", "5-7", "59"]),
    st.sampled_from(["*", "0", "*/2", "1,2,3", "23,0", "0-5"]),
    st.sampled_from(["*", "*/2", "1-7,20-31"]),
    st.just("*"),
    st.sampled_from(["*", "0", "6", "sat,sun", "1-5"]),
)


@given(st.data(), st.sampled_from(ZONES), FIELDS)
@pytest.mark.req("SK-1")
def test_no_fire_is_lost_or_doubled_around_any_change_of_any_zone(
    data: st.DataObject, zone: str, fields: tuple[str, ...]
) -> None:
    change = data.draw(st.sampled_from(changes(zone) or [datetime(2025, 6, 1, tzinfo=UTC)]))
    expression, clock, start, hours = " ".join(fields), ZoneInfo(zone), change - timedelta(hours=30), 60
    rule, found, moment = read_cron(expression), [], start
    # From a day before, so that the walk has seen what the first day shows twice.
    while (moment := rule.next_after(moment, clock)) <= start + timedelta(hours=hours):
        found.append(moment)
    assert found == list(walked(expression, clock, start, hours))


@given(st.sampled_from(ZONES), FIELDS, st.datetimes(datetime(1972, 2, 2), datetime(2037, 12, 30)))
def test_the_next_fire_is_later_and_the_same_from_anywhere_before_it(
    zone: str, fields: tuple[str, ...], after: datetime
) -> None:
    rule, start, clock = read_cron(" ".join(fields)), after.replace(tzinfo=UTC), ZoneInfo(zone)
    fire = rule.next_after(start, clock)
    assert fire > start
    assert rule.next_after(start + (fire - start) / 2, clock) == fire
    assert rule.next_after(fire - timedelta(microseconds=1), clock) == fire


@pytest.mark.parametrize(
    ("place", "size", "least", "text"),
    [
        *((0, 60, 0, text) for text in ("*", "*/7", "1,13,30-45", "50-59/2", "55-5")),
        *((1, 24, 0, text) for text in ("22-4", "*/5", "0", "8-17/3")),
        *((2, 31, 1, text) for text in ("*/10", "1-7", "29-2")),
        *((3, 12, 1, text) for text in ("jan-mar", "*/5", "11-2", "December")),
        *((4, 7, 0, text) for text in ("mon-fri", "sat-mon", "SUN", "*/2", "0-6", "sunday,wed")),
    ],
)
def test_a_field_means_what_it_means_to_celery(place: int, size: int, least: int, text: str) -> None:
    fields = ["*"] * 5
    fields[place] = text
    rule = read_cron(" ".join(fields))
    numbers = (rule.minutes, rule.hours, rule.days, rule.months, rule.weekdays)[place]
    assert numbers == crontab_parser(size, least).parse(text)


def test_sunday_may_be_a_seven_and_a_start_may_have_a_step() -> None:
    assert read_cron("* * * * 5-7").weekdays == {5, 6, 0}
    assert read_cron("5/20 * * * *").minutes == {5, 25, 45}


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("* * * *", "a crontab has five fields, not 4"),
        ("60 * * * *", "minute: '60' is not from 0 to 59"),
        ("* -1 * * *", "hour: '' is not from 0 to 23"),
        ("* * 0 * *", "day of month: '0' is not from 1 to 31"),
        ("* * L * *", "day of month: 'L' is not from 1 to 31"),
        ("* * * foo *", "month: 'foo' is not from 1 to 12"),
        ("* * * * 8", "day of week: '8' is not from 0 to 6"),
        ("*/0 * * * *", "minute: '*/0' has no step"),
        ("1,,2 * * * *", "minute: '' is not from 0 to 59"),
        ("0 0 31 2 *", "day of month: 31 never comes in Feb"),
        ("0 0 30,31 feb 1", "day of month: 30 never comes in Feb"),
        ("0 0 31 2,4,6 *", "day of month: 31 never comes in Feb, Apr, Jun"),
    ],
)
def test_what_cannot_be_read_or_never_comes_is_refused(expression: str, problem: str) -> None:
    with pytest.raises(RuleError, match=problem.replace("*", r"\*")):
        read_cron(expression)


def test_a_leap_day_on_a_monday_comes_even_over_the_turn_of_a_century() -> None:
    assert shown("0 0 29 2 1", "UTC", "2072-03-01 00:00", 2) == ["02-29 00:00 +0000", "02-29 00:00 +0000"]
