"""Next fire times: exact, strictly later, through daylight saving, with Celery's meaning of the day fields."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from celery.schedules import crontab as celery_crontab
from hypothesis import given
from hypothesis import strategies as st

from jobs.errors import RuleError
from jobs.scheduling.clock import Earlier, due_fires, fires_between, next_fire, next_fires, problem_of

AFTER = datetime(2025, 1, 1, tzinfo=UTC)
TIMES = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))


def fires(rule: str, after: datetime, count: int) -> list[str]:
    found: list[str] = []
    fire: datetime | None = after
    while fire and len(found) < count and (fire := next_fire(rule, after=fire, anchor=after)):
        found.append(f"{fire:%m-%d %H:%M:%S}")
    return found


def test_an_interval_keeps_its_phase_through_downtime() -> None:
    anchor = datetime(2025, 1, 1, 0, 0, 7, tzinfo=UTC)
    late = datetime(2025, 1, 3, 5, 1, tzinfo=UTC)
    assert next_fire("every 300", after=late, anchor=anchor) == datetime(2025, 1, 3, 5, 5, 7, tzinfo=UTC)


@given(TIMES, TIMES, st.floats(1, 1e7))
def test_an_interval_fires_at_most_a_period_later_and_never_at_once(
    anchor: datetime, after: datetime, seconds: float
) -> None:
    fire = next_fire(f"every {seconds}", after=after, anchor=anchor)
    assert fire is not None
    assert after < fire <= max(after, anchor) + timedelta(seconds=seconds + 1e-5)
    if after >= anchor:
        assert next_fire(f"every {seconds}", after=fire, anchor=anchor) != fire


def test_a_start_time_holds_back_every_kind_of_rule() -> None:
    assert fires("every 3600 from 2025-02-01T10:30:00Z", AFTER, 2) == ["02-01 10:30:00", "02-01 11:30:00"]
    assert fires("cron 0 12 * * * @UTC from 2025-02-01T12:00:00Z", AFTER, 1) == ["02-01 12:00:00"]


def test_a_clocked_rule_fires_once() -> None:
    assert fires("at 2025-05-05T05:05:05Z", AFTER, 5) == ["05-05 05:05:05"]
    assert next_fire("at 2024-12-31T00:00:00Z", after=AFTER, anchor=AFTER) is None


def test_no_rule_never_fires() -> None:
    assert next_fire("", after=AFTER, anchor=AFTER) is None


@pytest.mark.req("SK-1")
def test_a_daily_time_stays_the_same_on_the_wall_through_both_changes() -> None:
    spring = fires("cron 0 7 * * * @Europe/Zurich", datetime(2025, 3, 28, 12, tzinfo=UTC), 3)
    autumn = fires("cron 0 7 * * * @Europe/Zurich", datetime(2025, 10, 24, 12, tzinfo=UTC), 3)
    assert spring == ["03-29 06:00:00", "03-30 05:00:00", "03-31 05:00:00"]
    assert autumn == ["10-25 05:00:00", "10-26 06:00:00", "10-27 06:00:00"]


@pytest.mark.req("SK-1")
def test_a_time_that_spring_leaves_out_fires_once_that_day() -> None:
    found = fires("cron 30 2 * * * @Europe/Zurich", datetime(2025, 3, 28, 12, tzinfo=UTC), 3)
    assert len([fire for fire in found if fire.startswith("03-30")]) == 1


@pytest.mark.req("SK-1")
def test_a_time_that_autumn_has_twice_fires_once_that_day() -> None:
    found = fires("cron 30 2 * * * @Europe/Zurich", datetime(2025, 10, 24, 12, tzinfo=UTC), 4)
    assert len([fire for fire in found if fire.startswith("10-26")]) == 1


def test_every_minute_goes_on_through_the_doubled_hour() -> None:
    start = datetime(2025, 10, 25, 23, 0, tzinfo=UTC)
    until = start + timedelta(hours=4)
    moments = list(fires_between("cron * * * * * @Europe/Zurich", first=start, until=until, anchor=start))
    assert {later - earlier for earlier, later in pairwise(moments)} == {timedelta(minutes=1)}
    assert len(moments) == 241


def test_day_of_month_and_day_of_week_must_both_match_as_in_celery() -> None:
    assert fires("cron 0 0 13 * 5 @UTC", AFTER, 3) == ["06-13 00:00:00", "02-13 00:00:00", "03-13 00:00:00"]


FIELDS = st.tuples(
    st.sampled_from(["*", "0", "30", "*/15", "5-10", "1,31"]),
    st.sampled_from(["*", "0", "3", "*/6", "9-17", "22,23"]),
    st.sampled_from(["*", "1", "15", "28-31", "*/10"]),
    st.sampled_from(["*", "1", "2", "6-8", "*/5"]),
    st.sampled_from(["*", "0", "1-5", "6", "sun", "mon,wed"]),
)


@given(FIELDS, TIMES)
def test_a_fire_time_matches_every_field_as_celery_reads_it(fields: tuple[str, ...], after: datetime) -> None:
    fire = next_fire(f"cron {' '.join(fields)} @UTC", after=after, anchor=after)
    minute, hour, day, month, weekday = fields
    rule: Any = celery_crontab(minute=minute, hour=hour, day_of_month=day, month_of_year=month, day_of_week=weekday)
    if fire is None:
        return
    assert fire > after
    assert fire.minute in rule.minute
    assert fire.hour in rule.hour
    assert fire.day in rule.day_of_month
    assert fire.month in rule.month_of_year
    assert fire.isoweekday() % 7 in rule.day_of_week


@pytest.mark.parametrize("text", ["99 * * * * @UTC", "x * * * * @UTC", "* * * * * @Mars/Olympus", "* * * * @UTC", ""])
def test_a_crontab_that_cannot_be_read_is_a_rule_error(text: str) -> None:
    with pytest.raises(RuleError):
        next_fire(f"cron {text}", after=AFTER, anchor=AFTER)


def test_a_date_that_never_comes_is_a_rule_error_and_no_endless_search() -> None:
    with pytest.raises(RuleError, match="day of month"):
        next_fire("cron 0 0 30 2 * @UTC", after=AFTER, anchor=AFTER)


def test_the_fires_between_two_times_include_both_ends() -> None:
    first = datetime(2025, 1, 1, 10, tzinfo=UTC)
    found = list(fires_between("every 60", first=first, until=first + timedelta(minutes=3), anchor=first))
    assert found == [first + timedelta(minutes=n) for n in range(4)]


def test_a_zone_on_the_other_side_of_the_date_line_fires_on_its_own_day() -> None:
    assert fires("cron 0 0 1 * * @Pacific/Kiritimati", AFTER, 1) == ["01-31 10:00:00"]


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("cron 0 0 31 2 * @UTC", "day of month: 31 never comes in Feb"),
        ("cron 0 0 * * * @Mars/Olympus", "'Mars/Olympus' is no time zone"),
        ("every 0", "an interval of 0 s is shorter than 0.1 s"),
        ("every 1e-06", "an interval of 1e-06 s is shorter than 0.1 s"),
        ("at 2024-12-31T00:00:00Z", "this time never comes"),
        ("solar moonrise 0 0", 'event "moonrise" is invalid'),
        ("solar sunset 91 0", "latitude 91.0 is invalid"),
        ("", "this time never comes"),
        ("cron 0 0 29 2 * @UTC", None),
        ("every 0.5", None),
        ("solar sunset 47 8", None),
    ],
)
def test_a_rule_that_would_never_fire_has_a_problem(rule: str, problem: str | None) -> None:
    found = problem_of(rule, now=AFTER)
    assert found is None if problem is None else found is not None and problem in found


def test_the_next_fires_are_as_many_as_wanted_or_as_there_are() -> None:
    hour = timedelta(hours=1)
    assert next_fires("every 3600", after=AFTER, anchor=AFTER, count=3) == [AFTER + n * hour for n in (1, 2, 3)]
    assert next_fires("at 2025-01-01T01:00:00Z", after=AFTER, anchor=AFTER, count=3) == [AFTER + hour]


@pytest.mark.parametrize("rule", ["every 0.7", "every 60", "cron * * * * * @Europe/Zurich", "cron 7 */2 * * * @UTC"])
def test_due_fires_are_listed_since_a_time_and_summed_up_before(rule: str) -> None:
    first = next_fires(rule, after=AFTER, anchor=AFTER, count=3)[-1]
    until = AFTER + timedelta(hours=9)
    every = list(fires_between(rule, first=first, until=until, anchor=AFTER))[:1000]
    until = every[-1]
    for since in (AFTER, every[0], every[len(every) // 2], until, until + timedelta(seconds=1)):
        due = due_fires(rule, first=first, until=until, since=since, anchor=AFTER)
        before = [fire for fire in every if fire < since]
        assert due.listed == every[len(before) :]
        assert due.earlier == (Earlier(before[0], before[-1], len(before)) if before else None)
        assert due.following == next_fire(rule, after=max(until, since - timedelta(microseconds=1)), anchor=AFTER)


def test_no_more_than_a_thousand_due_fires_are_listed_at_once() -> None:
    until = AFTER + timedelta(days=365)
    due = due_fires("cron * * * * * @UTC", first=AFTER, until=until, since=AFTER, anchor=AFTER)
    assert (due.listed[0], due.listed[-1], len(due.listed)) == (AFTER, AFTER + timedelta(minutes=999), 1000)
    assert due.following == AFTER + timedelta(minutes=1000)


def test_countless_missed_fires_are_counted_exactly_by_interval_and_at_least_by_crontab() -> None:
    until = AFTER + timedelta(days=365)
    due = due_fires("every 1", first=AFTER, until=until, since=until, anchor=AFTER)
    assert due.earlier == Earlier(AFTER, until - timedelta(seconds=1), 365 * 86_400)
    due = due_fires("cron * * * * * @UTC", first=AFTER, until=until, since=until, anchor=AFTER)
    assert due.earlier is not None
    assert (due.earlier.count, due.earlier.is_exact, due.listed) == (1000, False, [until])


@pytest.mark.parametrize(
    ("event", "place", "day", "about"),
    [
        # From the tables of the US Naval Observatory, in UTC.
        ("sunrise", "51.5 -0.12", "2025-06-20", "2025-06-21T03:43Z"),
        ("sunset", "40.71 -74.01", "2025-12-21", "2025-12-21T21:31Z"),
        ("solar_noon", "0 0", "2025-03-20", "2025-03-20T12:07Z"),
    ],
)
def test_the_sun_rises_and_sets_when_almanacs_say(event: str, place: str, day: str, about: str) -> None:
    fire = next_fire(f"solar {event} {place}", after=datetime.fromisoformat(f"{day}T05:00Z"), anchor=AFTER)
    assert fire is not None
    assert abs(fire - datetime.fromisoformat(about)) < timedelta(minutes=2)


def test_the_sun_comes_once_a_day_and_after_the_polar_night() -> None:
    sunsets = next_fires("solar sunset 47 8", after=AFTER, anchor=AFTER, count=400)
    assert {(later - earlier).total_seconds() // 600 for earlier, later in pairwise(sunsets)} <= {143, 144}
    (sunrise,) = next_fires("solar sunrise 80 20", after=AFTER, anchor=AFTER, count=1)
    assert (sunrise.month, sunrise.day) > (2, 14)
