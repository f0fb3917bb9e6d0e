"""A schedule is deleted while a beat fires it: the deletion waits for the fire, and the run stays."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from jobs import faultpoints
from jobs.models import Run, ScheduleEdit, SchedulePlan
from jobs.scheduling.firing import fire_due
from jobs.scheduling.planner import replan
from tests.plugins.polling import poll

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("PL-2")]
DAY = datetime(2025, 1, 1, tzinfo=UTC)


class Deletion(threading.Thread):
    """Somebody else's, with a connection of its own."""

    problem: Exception | None = None

    def run(self) -> None:
        """Delete all schedules."""
        try:
            PeriodicTask.objects.all().delete()
        except Exception as error:
            self.problem = error
        finally:
            connection.close()


@pytest.fixture
def deletion() -> Iterator[Deletion]:
    """It begins in the midst of the next fire, which goes on once it waits."""
    thread = Deletion()

    def begin(point: str) -> None:
        if point == "in fire":
            thread.start()
            poll(lambda: connection.vendor == "sqlite" or _somebody_waits_for_a_lock())

    faultpoints.install(begin)
    yield thread
    faultpoints.install(None)


def _somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


def test_a_schedule_deleted_in_the_midst_of_its_fire_goes_and_its_run_stays(deletion: Deletion) -> None:
    rule, _ = IntervalSchedule.objects.get_or_create(every=60, period="seconds")
    PeriodicTask.objects.create(name="adds", task="add", args="[1, 2]", interval=rule)
    ScheduleEdit.objects.update(edited_at=DAY)
    replan(now=DAY)
    assert fire_due(now=DAY + timedelta(minutes=1)) == 1
    deletion.join(30)
    assert deletion.problem is None
    assert not PeriodicTask.objects.exists() and not SchedulePlan.objects.exists()
    assert [(run.state, run.schedule_id) for run in Run.objects.all()] == [("QUEUED", None)]
