"""The traps that stock beat with django-celery-beat's scheduler falls into; one test each, named after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import ProtectedError
from django.test.utils import CaptureQueriesContext
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from jobs import faultpoints, publish
from jobs.breaker import WHOLE, Breaker
from jobs.models import Run, ScheduleEdit, SchedulePlan
from jobs.scheduling import firing
from jobs.scheduling.firing import fire_due
from jobs.scheduling.planner import replan
from tests.integration.jobs.conftest import all_at_once

pytestmark = [pytest.mark.django_db, pytest.mark.req("PL-2", "SK-8")]
DAY = datetime(2025, 1, 1, tzinfo=UTC)
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)


@pytest.fixture(autouse=True)
def broker_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is published."""
    monkeypatch.setattr(publish, "_breaker", Breaker())
    publish._breaker.note_failure(WHOLE, at=0.0, pause_seconds=float("inf"))


def crontab(hour: str, zone: str = "UTC", minute: str = "0") -> CrontabSchedule:
    found, _ = CrontabSchedule.objects.get_or_create(hour=hour, minute=minute, timezone=zone)
    return found


def schedule(name: str = "adds", *, at: datetime = DAY, **columns: Any) -> PeriodicTask:
    """Make a schedule at that time, planned."""
    if not {"crontab", "interval"} & columns.keys():
        columns["interval"], _ = IntervalSchedule.objects.get_or_create(every=60, period="seconds")
    made = PeriodicTask.objects.create(**{"name": name, "task": "add", "args": "[1, 2]", **columns})
    edit(at)
    return made


def edit(at: datetime) -> None:
    """Let what was edited just now have been edited then, and beat plan it."""
    ScheduleEdit.objects.update(edited_at=at)
    replan(now=at)


def next_fire(of: PeriodicTask) -> datetime | None:
    return SchedulePlan.objects.values_list("next_fire_at", flat=True).get(pk=of.pk)


def fired(of: PeriodicTask) -> list[tuple[str, datetime | None]]:
    return list(Run.objects.filter(schedule=of).order_by("fire_at").values_list("state", "fire_at"))


@contextmanager
def at_most(statements: int) -> Iterator[None]:
    with CaptureQueriesContext(connection) as made:
        yield
    assert len(made) <= statements, [each["sql"][:100] for each in made.captured_queries]


def many(count: int) -> list[PeriodicTask]:
    interval = IntervalSchedule.objects.create(every=1, period="days")
    rows = [PeriodicTask(name=f"daily {n}", task="add", args="[1, 2]", interval=interval) for n in range(count)]
    PeriodicTask.objects.bulk_create(rows)
    while replan(now=DAY):
        pass
    return list(PeriodicTask.objects.filter(interval=interval))


def test_a_tick_costs_a_comparison_of_all_rows() -> None:
    many(700)
    one = schedule()
    with at_most(1):
        assert fire_due(now=DAY + SECOND) == 0
    with at_most(16):
        assert fire_due(now=DAY + MINUTE) == 1
    assert fired(one) == [("QUEUED", DAY + MINUTE)]


def test_much_that_is_due_at_once_makes_beat_look_wedged(monkeypatch: pytest.MonkeyPatch) -> None:
    many(7)
    monkeypatch.setattr(firing, "BATCH", 3)
    monkeypatch.setattr(firing, "MOST_SECONDS", 0.0)
    SchedulePlan.objects.update(next_fire_at=DAY + MINUTE)
    assert [fire_due(now=DAY + MINUTE) for _ in range(4)] == [3, 3, 1, 0]
    assert Run.objects.count() == 7


def test_one_edit_rebuilds_everything() -> None:
    one = many(700)[350]
    before = dict(SchedulePlan.objects.exclude(pk=one.pk).values_list("pk", "next_fire_at"))
    eight = crontab("8")
    with at_most(9):
        PeriodicTask.objects.filter(pk=one.pk).update(crontab=eight, interval=None)
        assert replan(now=DAY + HOUR) == 1
    with at_most(1):
        assert replan(now=DAY + HOUR) == 0
    assert next_fire(one) == DAY + 8 * HOUR
    assert dict(SchedulePlan.objects.exclude(pk=one.pk).values_list("pk", "next_fire_at")) == before


@pytest.mark.parametrize(
    ("misfire", "grace", "becomes"),
    [("coalesce", 4 * HOUR, "QUEUED"), ("coalesce", 3 * HOUR, "MISSED"), ("skip", 4 * HOUR, "MISSED")],
)
def test_a_daily_job_whose_beat_was_down_is_not_caught_up_and_fires_twice_next_day(
    misfire: str, grace: timedelta, becomes: str
) -> None:
    daily = schedule(crontab=crontab("8"), at=DAY - HOUR)
    SchedulePlan.objects.update(misfire=misfire, grace_seconds=grace.total_seconds())
    fire_due(now=DAY + 11 * HOUR + 5 * MINUTE)
    for hour in range(12, 24 + 12):
        fire_due(now=DAY + hour * HOUR)
    assert fired(daily) == [(becomes, DAY + 8 * HOUR), ("QUEUED", DAY + 32 * HOUR)]


def test_a_kill_after_a_fire_fires_again() -> None:
    hourly = schedule(crontab=crontab("*"))
    assert fire_due(now=DAY + HOUR) == 1
    for seconds in (0, 1, 60, 180):
        assert fire_due(now=DAY + HOUR + timedelta(seconds=seconds)) == 0
    assert fired(hourly) == [("QUEUED", DAY + HOUR)]


@pytest.fixture
def killed_in_fire() -> Iterator[None]:
    """Whoever is in the midst of a fire falls."""

    def strike(point: str) -> None:
        if point == "in fire":
            raise SystemExit

    faultpoints.install(strike)
    yield
    faultpoints.install(None)


@pytest.mark.django_db(transaction=True)
def test_a_kill_in_the_midst_of_a_fire_loses_it(killed_in_fire: None) -> None:
    minutely = schedule()
    with pytest.raises(SystemExit):
        fire_due(now=DAY + MINUTE)
    assert fired(minutely) == []
    faultpoints.install(None)
    fire_due(now=DAY + MINUTE)
    assert fired(minutely) == [("QUEUED", DAY + MINUTE)]


def test_a_plan_that_is_set_back_fires_its_ticks_again() -> None:
    minutely = schedule()
    for _ in range(2):
        fire_due(now=DAY + MINUTE)
        SchedulePlan.objects.update(next_fire_at=DAY + MINUTE)
    assert fired(minutely) == [("QUEUED", DAY + MINUTE)]


@pytest.mark.django_db(transaction=True)
def test_two_beats_send_everything_twice() -> None:
    made = [schedule(f"adds {n}") for n in range(3)]
    assert sum(all_at_once([partial(fire_due, now=DAY + MINUTE)] * 2)) == 3
    assert [fired(each) for each in made] == [[("QUEUED", DAY + MINUTE)]] * 3


def test_enabling_fires_at_once() -> None:
    hourly = schedule(crontab=crontab("*"))
    PeriodicTask.objects.update(enabled=False)
    edit(DAY + MINUTE)
    PeriodicTask.objects.update(enabled=True)
    edit(DAY + 5 * HOUR + MINUTE)
    assert fire_due(now=DAY + 5 * HOUR + MINUTE) == 0
    assert (fired(hourly), next_fire(hourly)) == ([], DAY + 6 * HOUR)


def test_enabling_what_was_paused_and_resumed_while_beat_was_down_fires_at_once() -> None:
    hourly = schedule(crontab=crontab("*"))
    PeriodicTask.objects.update(enabled=False)
    ScheduleEdit.objects.update(edited_at=DAY + MINUTE)
    PeriodicTask.objects.update(enabled=True)
    ScheduleEdit.objects.filter(is_resume=True).update(edited_at=DAY + 3 * HOUR + MINUTE)
    assert fire_due(now=DAY + 3 * HOUR + 2 * MINUTE) == 0
    replan(now=DAY + 3 * HOUR + 2 * MINUTE)
    assert (fired(hourly), next_fire(hourly)) == ([], DAY + 4 * HOUR)


def test_changing_eight_to_nine_at_ten_fires_at_ten() -> None:
    daily = schedule(crontab=crontab("8"))
    fire_due(now=DAY + 8 * HOUR)
    PeriodicTask.objects.update(crontab=crontab("9"))
    edit(DAY + 10 * HOUR)
    assert fire_due(now=DAY + 10 * HOUR) == 0
    assert (fired(daily), next_fire(daily)) == ([("QUEUED", DAY + 8 * HOUR)], DAY + 33 * HOUR)


def test_changing_a_rule_while_beat_is_down_loses_what_was_due_before() -> None:
    daily = schedule(crontab=crontab("8"))
    PeriodicTask.objects.update(crontab=crontab("11"))
    ScheduleEdit.objects.update(edited_at=DAY + 10 * HOUR)
    now = DAY + 12 * HOUR
    assert replan(now=now) == 0
    fire_due(now=now)
    assert replan(now=now) == 1
    assert fired(daily) == [("MISSED", DAY + 8 * HOUR)]
    fire_due(now=now)
    assert fired(daily) == [("MISSED", DAY + 8 * HOUR), ("MISSED", DAY + 11 * HOUR)]


def test_a_past_start_time_fires_off_schedule() -> None:
    start = DAY - timedelta(days=3) + 20 * MINUTE
    interval, _ = IntervalSchedule.objects.get_or_create(every=1, period="hours")
    hourly = schedule("hourly", interval=interval, start_time=start, at=DAY + 5 * MINUTE)
    daily = schedule("daily", crontab=crontab("8"), start_time=start, at=DAY + 5 * MINUTE)
    assert fire_due(now=DAY + 5 * MINUTE) == 0
    assert (next_fire(hourly), next_fire(daily)) == (DAY + 20 * MINUTE, DAY + 8 * HOUR)


def test_repeating_crontabs_are_silent_for_the_repeated_hour() -> None:
    start = datetime(2025, 10, 26, 0, 30, tzinfo=UTC)
    quarters = schedule(crontab=crontab("*", "Europe/Berlin", minute="*/15"), at=start)
    for minute in range(121):
        fire_due(now=start + minute * MINUTE)
    assert fired(quarters) == [("QUEUED", start + n * 15 * MINUTE) for n in range(1, 9)]


def test_intervals_lose_their_phase_after_downtime() -> None:
    minutely = schedule(at=DAY + 7 * SECOND)
    fire_due(now=DAY + 3 * HOUR + 22 * SECOND)
    assert next_fire(minutely) == DAY + 3 * HOUR + 67 * SECOND
    PeriodicTask.objects.update(enabled=False)
    edit(DAY + 4 * HOUR)
    PeriodicTask.objects.update(enabled=True)
    edit(DAY + 5 * HOUR)
    assert next_fire(minutely) == DAY + 5 * HOUR + 7 * SECOND


def test_deleting_an_interval_deletes_the_tasks_that_use_it() -> None:
    minutely = schedule()
    with pytest.raises(ProtectedError), transaction.atomic():
        IntervalSchedule.objects.all().delete()
    assert next_fire(minutely) == DAY + MINUTE


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"crontab": lambda: CrontabSchedule.objects.create(day_of_month="31", month_of_year="2")}, "31 never comes"),
        ({"args": "5"}, "must be a JSON list"),
        ({"kwargs": "[1]"}, "must be a JSON object"),
        ({"kwargs": "{"}, "Expecting property name"),
        ({"task": "no.such"}, "no job is called 'no.such'"),
        ({"args": "[1, 2, 3, 4]"}, "positional arguments but 4 were given"),
    ],
)
def test_impossible_dates_arguments_and_jobs_are_accepted_in_silence(columns: dict[str, Any], problem: str) -> None:
    columns = {name: value() if callable(value) else value for name, value in columns.items()}
    bad = schedule("bad", **columns)
    for minute in range(1, 4):
        fire_due(now=DAY + minute * MINUTE)
    plan = SchedulePlan.objects.get(pk=bad.pk)
    assert problem in plan.problem
    if "crontab" in columns:
        assert (plan.next_fire_at, fired(bad)) == (None, [])
        return
    assert (plan.problem_fires, fired(bad)) == (3, [("SKIPPED", DAY + MINUTE)])
    PeriodicTask.objects.update(task="add", args="[1, 2]", kwargs="{}")
    edit(DAY + 3 * MINUTE)
    fire_due(now=DAY + 4 * MINUTE)
    plan.refresh_from_db()
    assert (plan.problem, fired(bad)[1:]) == ("", [("QUEUED", DAY + 4 * MINUTE)])


def test_deleting_thousands_of_schedules_takes_a_statement_or_more_each() -> None:
    many(700)
    one = schedule()
    fire_due(now=DAY + MINUTE)
    with at_most(60):
        PeriodicTask.objects.exclude(pk=one.pk).delete()
    assert list(SchedulePlan.objects.values_list("pk", flat=True)) == [one.pk]
    one.delete()
    assert Run.objects.get().schedule_id is None
