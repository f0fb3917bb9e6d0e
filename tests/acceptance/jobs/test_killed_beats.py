"""Beats killed again and again, and a beat that was down for hours: every tick once, or MISSED with its reason.

DAYBOOK_BEATS and DAYBOOK_BEAT_KILLS make it larger: five beats and forty kills take about two minutes.
"""

from __future__ import annotations

import os
import re
import signal
import uuid
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from jobs import ledger
from jobs.models import Run, SchedulePlan
from tests.acceptance.jobs.conftest import Engine
from tests.plugins.polling import poll

pytestmark = pytest.mark.broker
BEATS, KILLS = int(os.environ.get("DAYBOOK_BEATS", "2")), int(os.environ.get("DAYBOOK_BEAT_KILLS", "3"))
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def schedules(count: int, seconds: int) -> list[PeriodicTask]:
    interval, _ = IntervalSchedule.objects.get_or_create(every=seconds, period="seconds")
    made = [
        PeriodicTask.objects.create(name=f"tick {uuid.uuid4()}", task="add", args="[1, 2]", interval=interval)
        for _ in range(count)
    ]
    plans = SchedulePlan.objects.filter(schedule__in=made, next_fire_at__isnull=False)
    poll(lambda: plans.count() == count, within=30)
    return made


def ticks(schedule: PeriodicTask) -> Counter[datetime]:
    """Return how often each tick of a second is accounted for, as a run or among those that a MISSED row counts."""
    rows = Run.objects.filter(schedule=schedule, fire_at__isnull=False).order_by("fire_at")
    ran = [row.fire_at for row in rows.exclude(state="MISSED") if row.fire_at]
    found = Counter(ran)
    for row in rows.filter(state="MISSED"):
        fire_at, left = row.fire_at, int(re.match(r"(\d+) fires? missed, ", row.reason).group(1))  # type: ignore[union-attr]
        assert fire_at
        while left:
            if fire_at not in ran:
                found[fire_at], left = found[fire_at] + 1, left - 1
            fire_at += SECOND
    return found


@pytest.mark.req("PL-6", "SK-8")
@pytest.mark.timeout(120 + 20 * KILLS)
def test_every_tick_comes_once_while_beats_are_killed_in_the_midst_of_firing(engine: Engine) -> None:
    beats = [engine.start_beat(wait=False) for _ in range(BEATS)]
    made = schedules(3, seconds=1)
    runs = Run.objects.filter(schedule__in=made)
    for _ in range(KILLS):
        before = runs.count()
        poll(lambda before=before: runs.count() >= before + 6, within=60)  # type: ignore[misc]
        os.killpg(beats.pop(0).pid, signal.SIGKILL)
        beats.append(engine.start("beat", "--loglevel=INFO", DAYBOOK_KILL_POINTS="in fire=0.1,after fire=0.1"))
    PeriodicTask.objects.filter(pk__in=[each.pk for each in made]).update(enabled=False)
    poll(lambda: not SchedulePlan.objects.filter(schedule__in=made, next_fire_at__isnull=False).exists(), within=30)
    for schedule in made:
        found = ticks(schedule)
        first, last = min(found), max(found)
        wanted = [first + n * SECOND for n in range(round((last - first) / SECOND) + 1)]
        assert found == Counter(wanted)
    for beat in beats:
        beat.kill()
    PeriodicTask.objects.filter(pk__in=[each.pk for each in made]).delete()


@pytest.mark.req("SK-6", "SK-8")
def test_after_three_hours_without_a_beat_each_schedule_does_what_its_policy_says(engine: Engine) -> None:
    policies: list[tuple[dict[str, Any], list[int], int]] = [
        ({"misfire": "coalesce", "grace_seconds": 600}, [0], 18),
        ({"misfire": "coalesce", "grace_seconds": 60}, [], 19),
        ({"misfire": "each", "grace_seconds": 1200}, [1, 0], 17),
        ({"misfire": "skip", "grace_seconds": 600}, [], 19),
    ]
    made = schedules(len(policies), seconds=600)
    latest = ledger.now() - 100 * SECOND
    for schedule, (columns, _, _) in zip(made, policies, strict=True):
        SchedulePlan.objects.filter(pk=schedule.pk).update(next_fire_at=latest - 3 * HOUR, **columns)
    missed = Run.objects.filter(schedule__in=made, state="MISSED")
    poll(lambda: missed.count() == len(made), within=30)
    for schedule, (columns, back, count) in zip(made, policies, strict=True):
        rows = Run.objects.filter(schedule=schedule, fire_at__lte=latest)
        ran = rows.exclude(state="MISSED").order_by("fire_at").values_list("fire_at", flat=True)
        assert list(ran) == [latest - n * 10 * MINUTE for n in back], columns
        reason = rows.get(state="MISSED").reason
        assert reason.startswith(f"{count} fires missed, {latest - 3 * HOUR:%FT%TZ} to "), reason
        assert SchedulePlan.objects.get(pk=schedule.pk).next_fire_at > latest  # type: ignore[operator]
    PeriodicTask.objects.filter(pk__in=[each.pk for each in made]).delete()
