"""Past fire times get their runs after all: counted first, once each, and no more than may be."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django_celery_beat.models import PeriodicTask
from pytest_django import Settings

from jobs import operations, queries
from jobs.errors import RefusedError
from jobs.models import Run, SchedulePlan
from jobs.scheduling.firing import fire_due
from jobs.states import State
from tests import tasks_for_tests
from tests.rows import NOON, saved_run
from tests.schedules import SHELL, added

pytestmark = [pytest.mark.django_db, pytest.mark.req("PL-2")]
assert tasks_for_tests
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def schedule() -> PeriodicTask:
    made = added("ticks", rule="every 10 minutes", queue="email")
    SchedulePlan.objects.update(next_fire_at=NOON + timedelta(days=1, minutes=3))
    return queries.find_schedule(made.name)


def _backfill(schedule: PeriodicTask, confirmed: int) -> int:
    return operations.backfill(schedule, first=NOON, until=LATER, confirmed=confirmed, by=SHELL)


def test_each_past_fire_gets_one_run_in_the_phase_of_the_interval_however_often_it_is_asked(
    schedule: PeriodicTask,
) -> None:
    assert queries.backfill_of(schedule, first=NOON, until=LATER).fires == [
        NOON + timedelta(minutes=minutes) for minutes in (3, 13, 23, 33, 43, 53)
    ]
    assert _backfill(schedule, 6) == 6
    assert queries.backfill_of(schedule, first=NOON, until=LATER).done == 6
    assert _backfill(schedule, 0) == 0
    run = Run.objects.order_by("fire_at").first()
    assert run is not None
    assert (run.fire_at, run.job, run.kwargs, run.queue, run.state, run.cause) == (
        NOON + timedelta(minutes=3), "add", {"x": 1}, "email", State.QUEUED, "cli",
    )  # fmt: skip
    assert Run.objects.filter(published_at=None, schedule=schedule).count() == Run.objects.count() == 6


def test_backfilled_runs_and_one_run_now_go_where_a_ticks_runs_go(
    schedule: PeriodicTask,
) -> None:
    PeriodicTask.objects.update(queue=None, exchange="base", routing_key="email.urgent", headers='{"trace": "yes"}')
    schedule = queries.find_schedule(schedule.name)
    assert _backfill(schedule, 6) == 6
    operations.run_schedule_now(schedule, by=SHELL)
    fire_due(now=NOON + timedelta(days=1, minutes=3))
    runs = Run.objects.filter(schedule=schedule)
    routes = [{name: run.options[name] for name in ("exchange", "routing_key", "headers")} for run in runs]
    headers = {"trace": "yes", "periodic_task_name": "ticks"}
    assert routes == [{"exchange": "base", "routing_key": "email.urgent", "headers": headers}] * 8
    assert len({run.queue for run in runs}) == 1


def test_a_missed_fire_runs_and_one_that_ran_does_not_again(schedule: PeriodicTask) -> None:
    missed = saved_run(schedule=schedule, fire_at=NOON + timedelta(minutes=3), state=State.MISSED, reason="late")
    saved_run(schedule=schedule, fire_at=NOON + timedelta(minutes=13), state=State.FAILED)
    assert _backfill(schedule, 5) == 5
    missed.refresh_from_db()
    assert (missed.state, missed.fire_at, missed.reason[:20]) == (State.MISSED, None, "late; backfilled 202")


def test_another_number_than_was_confirmed_is_refused(schedule: PeriodicTask) -> None:
    with pytest.raises(RefusedError, match="there are 6 runs to enqueue now, not 5; look again"):
        _backfill(schedule, 5)
    assert Run.objects.count() == 0


def test_too_many_and_what_is_not_past_are_refused(schedule: PeriodicTask, settings: Settings) -> None:
    settings.DAYBOOK = {**settings.DAYBOOK, "backfill_most": 5}
    with pytest.raises(RefusedError, match="more than 5 fire times"):
        _backfill(schedule, 6)
    with pytest.raises(RefusedError, match="both past"):
        queries.backfill_of(schedule, first=NOON, until=NOON + timedelta(days=100_000))
    with pytest.raises(RefusedError, match="both past"):
        queries.backfill_of(schedule, first=LATER, until=NOON)
