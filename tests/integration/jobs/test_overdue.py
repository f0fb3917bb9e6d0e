"""What health says of schedules: how many, which are overdue, and why."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from jobs import edit_triggers, health, ledger
from jobs.models import ScheduleEdit, SchedulePlan
from jobs.scheduling.overdue import overdue_schedules
from jobs.scheduling.planner import replan
from tests.rows import saved_worker

pytestmark = [pytest.mark.django_db, pytest.mark.req("SK-11")]


@pytest.fixture
def late() -> SchedulePlan:
    interval = IntervalSchedule.objects.create(every=1, period="hours")
    for name in ("late", "timely"):
        PeriodicTask.objects.create(name=name, task="add", interval=interval)
    replan(now=ledger.now())
    plan = SchedulePlan.objects.get(schedule__name="late")
    SchedulePlan.objects.filter(pk=plan.pk).update(next_fire_at=ledger.now() - timedelta(seconds=90))
    return plan


def why() -> list[tuple[str, str]]:
    return [(each.name, each.why) for each in overdue_schedules(now=ledger.now())]


def test_what_is_overdue_says_why(late: SchedulePlan) -> None:
    assert why() == [("late", "no beat reports")]
    beat = saved_worker(kind="beat", heartbeat_at=ledger.now(), lag_seconds=70)
    assert why() == [("late", "beat is late by 70 s")]
    type(beat).objects.update(lag_seconds=0)
    assert why()[0][1].startswith("its row is locked")
    ScheduleEdit.objects.create(schedule_id=late.pk)
    assert why() == [("late", "it was edited and has not been planned yet")]


def test_health_counts_schedules_and_names_the_one_that_is_longest_overdue(late: SchedulePlan) -> None:
    check = health.report(["schedules"])["schedules"]
    assert check.figures is not None
    assert (check.ok, check.figures["enabled"], check.figures["overdue"][0]["name"]) == (False, 2, "late")
    assert check.problem.startswith("schedule 'late' is 9") and check.problem.endswith("s overdue: no beat reports")
    SchedulePlan.objects.update(next_fire_at=None, problem="no job", failures_in_row=3, paused_reason="paused")
    check = health.report(["schedules"])["schedules"]
    assert check.figures is not None
    assert (check.ok, check.problem, check.figures["with_problem"], check.figures["paused_for_failures"]) == (
        True,
        "",
        2,
        2,
    )


def test_health_tells_of_missing_triggers() -> None:
    with connection.cursor() as cursor:
        on = f" ON {edit_triggers.PLAN}" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER daybook_plan_edited{on}")
    check = health.report(["schedules"])["schedules"]
    assert (check.ok, check.problem) == (False, "edits of schedules go unnoticed: run `manage.py migrate`")
