"""Sums of whole days tell what their hours do, whenever they are made, and hide none."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from jobs import operations, queries
from jobs.models import CountedUntil, DayTally, HourTally
from jobs.rollup import DAY, HOUR, OLDEST, count_ends, day_of
from jobs.states import State
from tests.rows import NOON, saved_run

pytestmark = [pytest.mark.django_db, pytest.mark.req("PW-4")]
NOW = NOON + timedelta(hours=1, minutes=7, seconds=23)
TODAY = day_of(NOW)
DAYS_KEPT = 7


def ended(at: datetime, *, took: float = 1.0, **columns: Any) -> None:
    started = at - timedelta(seconds=took)
    times = {"created_at": started, "run_at": started, "started_at": started, "finished_at": at}
    saved_run(**{"state": State.SUCCESS, "attempt": 1, **times, **columns})


def ten_days(*, until: datetime = NOW) -> int:
    """Leave the hours that ten days of ends would, with durations whose sums are the same in any order."""
    dice = random.Random(11)
    rows = []
    for hour in range(240):
        for job in ("job 0", "job 1", "job 2"):
            took = dice.randint(1, 999) / 64
            counts = {"succeeded": dice.randint(1, 9), "failed": dice.randint(0, 3), "longest_seconds": took}
            shape = {str(dice.randint(20, 60)): counts["succeeded"]}
            start = until.replace(minute=0, second=0) - HOUR * hour
            place = {"start": start, "job": job, "queue": dice.choice(["base", "ai"]), "last_finished_at": start}
            rows.append(HourTally(**place, **counts, seconds=took, durations=shape, waits=shape))
    HourTally.objects.bulk_create(rows)
    CountedUntil.objects.create(at=until)
    return sum(row.succeeded + row.failed for row in rows)


def count_all(now: datetime = NOW) -> None:
    while count_ends(now=now):
        pass


def make_all_days(now: datetime = NOW) -> None:
    for _ in range(DAYS_KEPT + 1):
        count_ends(now=now)


def everything_told() -> list[Any]:
    windows = (None, 1, 24, 27, 36, 72, 168)
    per_job = [queries.statistics(hours=hours, job=job, now=NOW) for hours in windows for job in ("", "job 1")]
    per_period = [queries.statistics_of_period(period=timedelta(hours=hours or 168), now=NOW) for hours in windows]
    by_queue = queries.totals(*queries.kept(now=NOW), by=["job", "queue"])
    return [per_job, per_period, [(each.job, each.queue, each.seconds, each.durations) for each in by_queue]]


def days_made() -> list[datetime]:
    return sorted(set(DayTally.objects.values_list("start", flat=True)))


def test_days_tell_in_every_window_what_their_hours_do() -> None:
    ten_days()
    make_all_days()
    assert days_made() == [TODAY - DAY * back for back in range(DAYS_KEPT, 0, -1)]
    by_days = everything_told()
    DayTally.objects.all().delete()
    assert everything_told() == by_days


def test_after_an_upgrade_each_pass_makes_a_day_and_no_figure_changes_meanwhile() -> None:
    ten_days()
    told = everything_told()
    for made in range(1, DAYS_KEPT + 1):
        count_ends(now=NOW)
        assert len(days_made()) == made
        assert everything_told() == told


def test_an_end_that_is_committed_after_midnight_is_counted_in_the_day_before() -> None:
    ended(TODAY - timedelta(minutes=20), job="on time")
    count_all(TODAY + timedelta(minutes=1))
    assert days_made() == [TODAY - DAY]
    ended(TODAY - timedelta(minutes=10), job="late")
    for seconds in range(0, 700, 10):
        count_ends(now=TODAY + timedelta(minutes=1, seconds=seconds))
    assert [(each.job, each.runs) for each in queries.statistics(now=NOW)] == [("late", 1), ("on time", 1)]
    assert sorted(DayTally.objects.values_list("job", "succeeded")) == [("late", 1), ("on time", 1)]


def test_a_day_without_ends_hides_none_that_come_late() -> None:
    ended(TODAY - 3 * DAY + HOUR, job="before")
    count_all(TODAY - 2 * DAY + HOUR)
    ended(TODAY - timedelta(minutes=3), job="after")
    for minute in range(0, 70, 2):
        count_ends(now=TODAY + timedelta(minutes=minute))
    assert days_made() == [TODAY - 3 * DAY, TODAY - DAY]
    assert sum(each.runs for each in queries.statistics(now=NOW)) == 2


def test_a_days_sum_goes_before_the_first_of_its_hours_is_added_to_the_oldest() -> None:
    runs = ten_days()
    make_all_days()
    for hours in range(0, 10 * 24, 7):
        now = NOW + timedelta(hours=hours)
        count_ends(now=now)
        assert all(made >= now - timedelta(days=DAYS_KEPT + 1) for made in days_made())
        assert sum(each.runs for each in queries.statistics(now=now)) == runs
    assert days_made() == []
    assert set(HourTally.objects.values_list("start", flat=True)) == {OLDEST}


def test_no_reader_relies_on_a_days_sum_that_is_about_to_go() -> None:
    ten_days()
    make_all_days()
    first = days_made()[0]
    goes_at = first + DAY * (DAYS_KEPT + 1)
    for minutes, is_used in ((-61, True), (-59, False)):
        days, hours = queries.kept(now=goes_at + timedelta(minutes=minutes))
        assert days.filter(start=first).exists() is is_used
        assert hours.filter(start=first).exists() is not is_used
    count_ends(now=goes_at - timedelta(minutes=1))
    assert first in days_made()


def test_cleared_statistics_take_the_days_along() -> None:
    ten_days()
    make_all_days()
    operations.clear_statistics("job 1")
    assert [each.job for each in queries.statistics(now=NOW)] == ["job 0", "job 2"]
    assert set(DayTally.objects.values_list("job", flat=True)) == {"job 0", "job 2"}
    operations.clear_statistics()
    assert not DayTally.objects.exists()


def test_a_clock_that_jumps_back_over_midnight_leaves_no_stale_day() -> None:
    ended(TODAY - timedelta(minutes=30), job="one")
    count_all(TODAY + timedelta(minutes=5))
    CountedUntil.objects.update(at=TODAY - timedelta(minutes=6))
    ended(TODAY - timedelta(minutes=5), job="two")
    count_ends(now=TODAY - timedelta(minutes=4))
    assert [(each.job, each.runs) for each in queries.statistics(now=NOW)] == [("one", 1), ("two", 1)]


def test_a_week_is_read_in_days(django_assert_num_queries: Any) -> None:
    ten_days()
    make_all_days()
    with django_assert_num_queries(3):
        queries.statistics_of_period(period=timedelta(days=7), now=NOW)
    days, hours = queries.kept(since=NOW - timedelta(days=7), now=NOW)
    assert (
        days.values("start").distinct().count(),
        hours.filter(start__gte=TODAY - 6 * DAY, start__lt=TODAY).count(),
    ) == (
        6,
        0,
    )
