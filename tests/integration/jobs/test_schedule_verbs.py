"""Schedules are listed, shown, previewed, paused, resumed and run now from the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from jobs.models import Run, SchedulePlan
from jobs.scheduling.planner import replan
from tests import tasks_for_tests
from tests.commands import jobs, jobs_json, refused
from tests.rows import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.req("PL-2")]
assert tasks_for_tests


@pytest.fixture
def five() -> PeriodicTask:
    interval = IntervalSchedule.objects.create(every=5, period="minutes")
    return PeriodicTask.objects.create(
        name="five", task="add", kwargs='{"x": 2, "password": "hunter2"}', interval=interval, queue="email"
    )


@pytest.fixture
def nightly() -> PeriodicTask:
    crontab = CrontabSchedule.objects.create(minute="30", hour="2", timezone="Europe/Zurich")
    return PeriodicTask.objects.create(name="nightly", task="add", kwargs='{"x": 1}', crontab=crontab)


def test_list_and_show_tell_the_rule_and_the_next_fire_and_mask_secrets(five: PeriodicTask) -> None:
    replan(now=NOON)
    [listed] = jobs_json("schedule", "list")
    shown = jobs_json("schedule", "show", "five")
    assert shown.pop("lateness_seconds") >= listed.pop("lateness_seconds") > 0
    assert listed == shown
    assert (listed["job"], listed["rule"], listed["enabled"], listed["queue"]) == (
        "add",
        "Every 5 minutes",
        True,
        "email",
    )
    assert listed["kwargs"] == {"x": 2, "password": "***"}
    planned = SchedulePlan.objects.get().next_fire_at
    assert planned is not None
    assert datetime.fromisoformat(listed["next_fire_at"]) == planned
    assert "hunter2" not in jobs("schedule", "show", "five") + jobs("schedule", "list")


@pytest.mark.req("SK-1")
def test_preview_keeps_the_wall_clock_through_the_change_of_summer_time(nightly: PeriodicTask) -> None:
    with time_machine.travel(datetime(2026, 10, 24, 12, tzinfo=UTC), tick=False):
        fires = jobs_json("schedule", "preview", "nightly", "--count", "2")
        assert jobs("schedule", "preview", "nightly", "--count", "2").splitlines() == [
            "2026-10-25 00:30:00 UTC  Sun 2026-10-25 02:30:00 CEST  clocks go back 1 h",
            "2026-10-26 01:30:00 UTC  Mon 2026-10-26 02:30:00 CET",
        ]
    assert fires == ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]


def test_preview_begins_with_the_fire_that_is_planned(five: PeriodicTask) -> None:
    replan(now=NOON)
    planned = SchedulePlan.objects.get().next_fire_at
    assert planned is not None
    fires = [datetime.fromisoformat(fire) for fire in jobs_json("schedule", "preview", "five", "--count", "3")]
    assert fires == [planned + timedelta(minutes=minutes) for minutes in (0, 5, 10)]


def test_pause_and_resume_happen_once(five: PeriodicTask) -> None:
    assert jobs("schedule", "pause", "five") == "five is paused\n"
    assert jobs("schedule", "pause", "five") == "five was paused already\n"
    assert not PeriodicTask.objects.get().enabled
    assert jobs("schedule", "resume", "five") == "five fires again\n"
    assert jobs("schedule", "resume", "five") == "five was not paused\n"
    assert PeriodicTask.objects.get().enabled


@pytest.mark.req("SK-12")
def test_run_now_enqueues_one_run_and_leaves_the_fire_times(nightly: PeriodicTask) -> None:
    replan(now=NOON)
    before = SchedulePlan.objects.values().get()
    anna = User.objects.create_user("anna")
    printed = jobs_json("schedule", "run-now", "nightly", "--owner", "anna")
    run = Run.objects.get()
    assert (str(run.pk), run.job, run.kwargs, run.owner, run.cause) == (printed["id"], "add", {"x": 1}, anna, "cli")
    assert SchedulePlan.objects.values().get() == before


def test_run_now_of_arguments_that_no_longer_fit_exits_2_and_enqueues_nothing(nightly: PeriodicTask) -> None:
    PeriodicTask.objects.update(kwargs='{"z": 1}')
    assert refused("schedule", "run-now", "nightly")[0] == 2
    assert Run.objects.count() == 0


@pytest.mark.parametrize("verb", ["show", "preview", "pause", "resume", "run-now"])
def test_a_schedule_that_is_not_there_exits_2(verb: str) -> None:
    said = "no schedule is called 'six'; `jobs schedule list` shows them"
    assert refused("schedule", verb, "six") == (2, said)


def test_sync_creates_declared_schedules_once_and_leaves_edited_ones() -> None:
    created = jobs_json("schedule", "sync")["created"]
    assert "ingest_emails" in created
    PeriodicTask.objects.filter(name="ingest_emails").update(enabled=False)
    assert jobs("schedule", "sync") == "nothing to create\n"
    assert not PeriodicTask.objects.get(name="ingest_emails").enabled
