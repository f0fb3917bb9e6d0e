"""From schedules to runs: each fire once, however many planners; late ones by their grace; edits respected."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask

from jobs import job, publish
from jobs.breaker import WHOLE, Breaker
from jobs.models import Run, ScheduleEdit, SchedulePlan
from jobs.policies import crontab, every
from jobs.scheduling.declared import sync_declared
from jobs.scheduling.firing import fire_due
from jobs.scheduling.planner import replan
from project.celery import app
from tests.integration.jobs.conftest import all_at_once

pytestmark = pytest.mark.django_db
NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def broker_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is published."""
    monkeypatch.setattr(publish, "_breaker", Breaker())
    publish._breaker.note_failure(WHOLE, at=0.0, pause_seconds=float("inf"))


def every_minute(**columns: Any) -> PeriodicTask:
    interval, _ = IntervalSchedule.objects.get_or_create(every=60, period="seconds")
    values = {"name": "adds", "task": "add", "args": "[1]", "kwargs": '{"y": 2}', "interval": interval}
    return PeriodicTask.objects.create(**{**values, **columns})


def fired(schedule: PeriodicTask) -> list[tuple[str, datetime | None]]:
    return list(Run.objects.filter(schedule=schedule).order_by("fire_at").values_list("state", "fire_at"))


@pytest.mark.req("PL-2", "SK-8")
def test_a_schedule_fires_with_its_arguments_queue_and_owner() -> None:
    user = User.objects.create(username="anna")
    schedule = every_minute(queue="email", priority=5, expire_seconds=90)
    replan(now=NOON)
    SchedulePlan.objects.update(owner=user)
    assert fire_due(now=NOON + MINUTE) == 1
    run = Run.objects.get(schedule=schedule)
    assert (run.job, run.args, run.kwargs, run.queue, run.priority) == ("add", [1], {"y": 2}, "email", 5)
    assert (run.cause, run.fire_at, run.owner_id, run.state) == ("schedule", NOON + MINUTE, user.pk, "QUEUED")
    assert run.expires_at is not None
    schedule.refresh_from_db()
    assert schedule.total_run_count == 1


@pytest.mark.req("PL-6")
def test_a_fire_time_is_fired_once_by_the_same_planner() -> None:
    schedule = every_minute()
    replan(now=NOON)
    counts = [fire_due(now=NOON + timedelta(seconds=60 + second)) for second in range(60)]
    assert counts == [1] + [0] * 59
    assert fired(schedule) == [("QUEUED", NOON + MINUTE)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("PL-6")
def test_a_fire_time_is_fired_once_by_many_planners_at_once() -> None:
    schedules = [every_minute(name=f"adds {n}") for n in range(5)]
    replan(now=NOON)
    for minute in range(1, 4):
        assert sum(all_at_once([partial(fire_due, now=NOON + minute * MINUTE)] * 4)) == 5
    for schedule in schedules:
        assert [at for _, at in fired(schedule)] == [NOON + n * MINUTE for n in range(1, 4)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("PL-6")
def test_planners_that_plan_at_once_agree_on_the_phase() -> None:
    schedule = every_minute()
    moments = [NOON + timedelta(milliseconds=100 * n) for n in range(4)]
    all_at_once([partial(replan, now=at) for at in moments])
    first = SchedulePlan.objects.get(pk=schedule.pk).next_fire_at
    for at in moments:
        replan(now=at)
    assert SchedulePlan.objects.get(pk=schedule.pk).next_fire_at == first


@pytest.mark.req("SK-6")
def test_late_fires_coalesce_into_the_latest_and_the_others_are_counted() -> None:
    schedule = every_minute()
    replan(now=NOON)
    fire_due(now=NOON + 4 * MINUTE + timedelta(seconds=30))
    assert fired(schedule) == [("MISSED", NOON + MINUTE), ("QUEUED", NOON + 4 * MINUTE)]
    assert Run.objects.get(state="MISSED").reason.startswith("3 fires missed")
    assert SchedulePlan.objects.get(pk=schedule.pk).next_fire_at == NOON + 5 * MINUTE


@pytest.mark.req("SK-6")
def test_fires_past_their_grace_are_one_missed_row_with_their_number() -> None:
    schedule = every_minute()
    replan(now=NOON)
    fire_due(now=NOON + 60 * MINUTE)
    (missed, first), (queued, latest) = fired(schedule)
    assert (missed, first, queued, latest) == ("MISSED", NOON + MINUTE, "QUEUED", NOON + 60 * MINUTE)
    assert Run.objects.get(state="MISSED").reason.startswith("59 fires missed")


@pytest.mark.req("SK-6")
def test_a_daily_schedule_noticed_too_late_is_missed_and_not_run() -> None:
    daily = CrontabSchedule.objects.create(minute="0", hour="3", timezone="UTC")
    schedule = every_minute(interval=None, crontab=daily)
    replan(now=NOON)
    fire_due(now=NOON + timedelta(hours=21))
    assert fired(schedule) == [("MISSED", datetime(2025, 1, 2, 3, tzinfo=UTC))]


@pytest.mark.req("PL-2")
def test_an_edited_rule_is_planned_anew_and_others_stay() -> None:
    edited, other = every_minute(name="edited"), every_minute(name="other")
    replan(now=NOON)
    PeriodicTask.objects.filter(pk=edited.pk).update(
        interval=IntervalSchedule.objects.create(every=10, period="seconds")
    )
    assert replan(now=NOON + timedelta(seconds=30)) == 1
    assert SchedulePlan.objects.get(pk=edited.pk).next_fire_at == NOON + timedelta(seconds=40)
    assert SchedulePlan.objects.get(pk=other.pk).next_fire_at == NOON + MINUTE


@pytest.mark.req("PL-2")
def test_edits_journalled_out_of_their_order_keep_no_schedule_from_being_planned() -> None:
    schedule = every_minute()
    replan(now=NOON)
    for seconds in (90, 30):
        ScheduleEdit.objects.create(schedule_id=schedule.pk, edited_at=NOON + timedelta(seconds=seconds))
    now = NOON + 2 * MINUTE
    assert (fire_due(now=now), replan(now=now), fire_due(now=now)) == (0, 1, 1)
    assert not ScheduleEdit.objects.exists()


def test_a_paused_schedule_fires_nothing_and_goes_on_from_now() -> None:
    schedule = every_minute()
    replan(now=NOON)
    PeriodicTask.objects.update(enabled=False)
    assert fire_due(now=NOON + MINUTE) == 0
    replan(now=NOON + MINUTE)
    PeriodicTask.objects.update(enabled=True)
    replan(now=NOON + 90 * MINUTE)
    fire_due(now=NOON + 91 * MINUTE)
    assert fired(schedule) == [("QUEUED", NOON + 91 * MINUTE)]


def test_a_one_off_fires_once_and_is_disabled() -> None:
    clocked = ClockedSchedule.objects.create(clocked_time=NOON + MINUTE)
    schedule = every_minute(interval=None, clocked=clocked, one_off=True)
    replan(now=NOON)
    fire_due(now=NOON + MINUTE)
    replan(now=NOON + 2 * MINUTE)
    fire_due(now=NOON + 3 * MINUTE)
    schedule.refresh_from_db()
    assert (fired(schedule), schedule.enabled) == ([("QUEUED", NOON + MINUTE)], False)


@pytest.mark.parametrize("columns", [{"task": "no.such"}, {"args": "[1, 2, 3, 4]"}, {"kwargs": "{"}])
@pytest.mark.req("SK-8")
def test_a_schedule_that_can_not_fire_leaves_a_skipped_row_and_stops_no_other(columns: dict[str, str]) -> None:
    bad, good = every_minute(name="bad", **columns), every_minute(name="good")
    replan(now=NOON)
    assert fire_due(now=NOON + MINUTE) == 2
    assert [state for state, _ in fired(bad)] == ["SKIPPED"]
    assert [state for state, _ in fired(good)] == ["QUEUED"]


@pytest.fixture
def declared() -> Iterator[list[str]]:
    """Two jobs with schedules, gone after the test."""

    @job(schedule=every(minutes=7), schedule_arguments={"full": True}, grace_seconds=60)
    def declared_interval(*, full: bool = False) -> None: ...

    @job(schedule=crontab("30 2 * * 1", zone="Europe/Zurich"))
    def declared_cron() -> None: ...

    names = ["declared_cron", "declared_interval"]
    assert all(app.tasks[name] for name in names)
    yield names
    for name in names:
        app.tasks.pop(name, None)


@pytest.mark.req("SK-8", "PW-3")
def test_declared_schedules_are_created_once_and_edits_survive(declared: list[str]) -> None:
    assert set(declared) <= set(sync_declared())
    interval, cron = (PeriodicTask.objects.get(name=name) for name in ("declared_interval", "declared_cron"))
    assert (interval.interval.every, interval.interval.period) == (7, "minutes")
    assert json.loads(interval.kwargs) == {"full": True}
    assert (str(cron.crontab.timezone), cron.crontab.hour, cron.crontab.day_of_week) == ("Europe/Zurich", "2", "1")
    assert (interval.plan.declared, interval.plan.grace_seconds) == (True, 60)
    PeriodicTask.objects.filter(pk=interval.pk).update(enabled=False, kwargs="{}")
    assert not set(declared) & set(sync_declared())
    interval.refresh_from_db()
    assert (interval.enabled, interval.kwargs) == (False, "{}")


def test_a_schedule_whose_declaration_is_gone_is_disabled_not_deleted(declared: list[str]) -> None:
    sync_declared()
    app.tasks.pop("declared_cron")
    sync_declared()
    assert PeriodicTask.objects.filter(name="declared_cron").values_list("enabled", flat=True).get() is False
