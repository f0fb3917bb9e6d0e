"""Two beats at once: every fire time of every schedule becomes exactly one run; an edit acts within seconds."""

from __future__ import annotations

import os
import signal
import uuid
from datetime import timedelta

import pytest
from django.db.models import Count
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from jobs import ledger
from jobs.models import Run, SchedulePlan
from tests.acceptance.jobs.conftest import Engine
from tests.plugins.polling import poll

pytestmark = pytest.mark.broker


def every_second(**options: object) -> PeriodicTask:
    interval, _ = IntervalSchedule.objects.get_or_create(every=1, period="seconds")
    return PeriodicTask.objects.create(
        name=f"tick {uuid.uuid4()}", task="add", args="[1, 2]", interval=interval, **options
    )


def remove(*schedules: PeriodicTask) -> None:
    PeriodicTask.objects.filter(pk__in=[schedule.pk for schedule in schedules]).delete()


@pytest.mark.req("PL-6", "SK-8")
def test_two_beats_make_one_run_per_schedule_and_second(engine: Engine) -> None:
    second = engine.start_beat()
    schedules = [every_second() for _ in range(3)]
    runs = Run.objects.filter(schedule__in=schedules)
    poll(lambda: runs.values("schedule").annotate(n=Count("pk")).filter(n__gte=6).count() == 3, within=30)
    os.killpg(second.pid, signal.SIGKILL)
    for schedule in schedules:
        fired = list(Run.objects.filter(schedule=schedule).exclude(state="MISSED"))
        phases = {run.fire_at.microsecond for run in fired if run.fire_at}
        assert len(phases) == 1, "one plan, one phase"
        assert len({run.fire_at for run in fired}) == len(fired)
        assert {run.cause for run in fired} == {"schedule"}
    remove(*schedules)
    poll(lambda: not Run.objects.unfinished().filter(cause="schedule", job="add").exists(), within=20)


@pytest.mark.req("PL-2")
def test_a_new_a_paused_and_a_resumed_schedule_act_within_five_seconds(engine: Engine) -> None:
    schedule = every_second()
    runs = Run.objects.filter(schedule=schedule)
    poll(runs.exists, within=5)
    PeriodicTask.objects.filter(pk=schedule.pk).update(enabled=False)
    paused_at = ledger.now()
    poll(lambda: SchedulePlan.objects.filter(pk=schedule.pk, next_fire_at=None).exists(), within=5)
    assert not runs.filter(fire_at__gt=paused_at + timedelta(seconds=1)).exists()
    before = runs.count()
    PeriodicTask.objects.filter(pk=schedule.pk).update(enabled=True)
    poll(lambda: runs.count() > before, within=6)
    remove(schedule)


@pytest.mark.req("SK-6")
def test_fires_past_their_grace_are_recorded_as_missed(engine: Engine) -> None:
    schedule = every_second()
    poll(lambda: SchedulePlan.objects.filter(pk=schedule.pk).exists(), within=6)
    long_ago = ledger.now() - timedelta(hours=1)
    SchedulePlan.objects.filter(pk=schedule.pk).update(next_fire_at=long_ago, grace_seconds=60)
    missed = poll(lambda: Run.objects.filter(schedule=schedule, state="MISSED").first(), within=10)
    assert missed
    assert missed.finished_at and missed.attempt == 0
    assert "missed" in missed.reason
    remove(schedule)


@pytest.mark.req("SK-8")
def test_a_schedule_of_an_unknown_job_stops_no_other(engine: Engine) -> None:
    good, bad = every_second(), every_second()
    PeriodicTask.objects.filter(pk=bad.pk).update(task="no.such.job")
    skipped = poll(lambda: Run.objects.filter(schedule=bad, state="SKIPPED").first(), within=10)
    assert skipped
    assert "no.such.job" in skipped.reason
    poll(lambda: Run.objects.filter(schedule=good, state="SUCCESS").exists(), within=10)
    remove(good, bad)
