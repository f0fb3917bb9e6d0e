"""Schedules that pause themselves after failures in a row, tell who listens, and count anew once resumed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from jobs import ledger
from jobs.ledger import Fence
from jobs.models import Run, ScheduleEdit, SchedulePlan
from jobs.outcomes import describe
from jobs.scheduling import failing
from jobs.scheduling.failing import pause_failing, schedule_paused
from jobs.scheduling.planner import replan
from tests.rows import saved_run

pytestmark = [pytest.mark.django_db, pytest.mark.req("SK-8")]
DAY, MINUTE = datetime(2025, 1, 1, tzinfo=UTC), timedelta(minutes=1)


@pytest.fixture
def schedule() -> PeriodicTask:
    interval = IntervalSchedule.objects.create(every=1, period="minutes")
    made = PeriodicTask.objects.create(name="adds", task="add", interval=interval)
    replan(now=DAY)
    SchedulePlan.objects.update(failures_to_pause=3)
    return made


def ended(schedule: PeriodicTask, *outcomes: str, since: int = 0) -> None:
    for minute, outcome in enumerate(outcomes, start=since):
        run = saved_run(state="RUNNING", schedule=schedule, fire_at=DAY + minute * MINUTE, token=1)
        fence = Fence(run.pk, token=1)
        if outcome == "failed":
            assert ledger.fail(fence, describe(ValueError("no")), now=ledger.now())
        else:
            assert ledger.succeed(fence, now=ledger.now())


@pytest.mark.parametrize(
    ("outcomes", "paused", "in_row"),
    [
        (["failed", "failed"], 0, 2),
        (["failed", "failed", "failed"], 1, 3),
        (["failed", "failed", "succeeded", "failed"], 0, 1),
        (["failed", "succeeded"], 0, 0),
        (["succeeded", "failed", "failed", "failed"], 1, 3),
    ],
)
def test_only_failures_in_a_row_pause(schedule: PeriodicTask, outcomes: list[str], paused: int, in_row: int) -> None:
    ended(schedule, *outcomes)
    assert pause_failing(now=DAY) == paused
    schedule.refresh_from_db()
    assert (schedule.enabled, schedule.plan.failures_in_row) == (not paused, in_row)
    assert schedule.plan.paused_reason == ("paused: 3 runs failed in a row, the last by ValueError" if paused else "")


def test_who_listens_is_told_once(schedule: PeriodicTask, django_capture_on_commit_callbacks: Any) -> None:
    heard: list[tuple[str, str]] = []

    def listen(schedule: PeriodicTask, reason: str, **_: Any) -> None:
        heard.append((schedule.name, reason))

    schedule_paused.connect(listen)
    try:
        ended(schedule, "failed", "failed", "failed")
        for _ in range(2):
            with django_capture_on_commit_callbacks(execute=True):
                pause_failing(now=DAY)
    finally:
        schedule_paused.disconnect(listen)
    assert heard == [("adds", "paused: 3 runs failed in a row, the last by ValueError")]


def test_a_resumed_schedule_counts_anew(schedule: PeriodicTask) -> None:
    ended(schedule, "failed", "failed", "failed")
    pause_failing(now=DAY + 3 * MINUTE)
    replan(now=DAY + 3 * MINUTE)
    PeriodicTask.objects.update(enabled=True)
    ScheduleEdit.objects.update(edited_at=DAY + 5 * MINUTE)
    replan(now=DAY + 5 * MINUTE)
    plan = SchedulePlan.objects.get()
    assert (plan.paused_reason, plan.failures_in_row) == ("", 0)
    ended(schedule, "failed", "failed", since=6)
    assert pause_failing(now=DAY + 8 * MINUTE) == 0
    ended(schedule, "failed", since=8)
    assert pause_failing(now=DAY + 9 * MINUTE) == 1


def test_a_schedule_that_minds_no_failures_is_not_looked_at(schedule: PeriodicTask) -> None:
    SchedulePlan.objects.update(failures_to_pause=None)
    ended(schedule, *["failed"] * 5)
    assert (pause_failing(now=DAY), SchedulePlan.objects.get().failures_in_row) == (0, 0)
    assert Run.objects.filter(state="FAILED").count() == 5


def test_schedules_that_have_failed_before_hold_up_no_other_and_are_written_only_when_they_changed(
    schedule: PeriodicTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failing, "BATCH", 2)
    names = ("b", "c", "d")
    others = [PeriodicTask.objects.create(name=name, task="add", interval=schedule.interval) for name in names]
    replan(now=DAY)
    SchedulePlan.objects.update(failures_to_pause=3)
    for each in [schedule, *others[:2]]:
        ended(each, "failed")
    ended(others[2], "failed", "failed", "failed")
    assert pause_failing(now=DAY) == 1
    assert list(PeriodicTask.objects.filter(enabled=False)) == [others[2]]
    with CaptureQueriesContext(connection) as captured:
        assert pause_failing(now=DAY) == 0
    assert not [query["sql"] for query in captured if query["sql"].startswith("UPDATE")]
