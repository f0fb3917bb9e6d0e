"""Every edit that moves a fire time is journalled by the database, whoever makes it; nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import ProtectedError
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule

from jobs import edit_triggers, ledger
from jobs.models import ScheduleEdit, SchedulePlan

pytestmark = pytest.mark.django_db
LATER = datetime(2030, 1, 1, tzinfo=UTC)


def schedule(name: str = "adds", **rule: Any) -> PeriodicTask:
    rule = rule or {"interval": IntervalSchedule.objects.create(every=60, period="seconds")}
    return PeriodicTask.objects.create(name=name, task="add", **rule)


def edited() -> list[tuple[int, bool]]:
    found = list(ScheduleEdit.objects.order_by("id").values_list("schedule_id", "is_resume"))
    ScheduleEdit.objects.all().delete()
    return found


def by_sql(column: str, value: str) -> Callable[[int], None]:
    def edit(pk: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE {edit_triggers.SCHEDULE} SET {column} = %s WHERE id = %s", [value, pk])

    return edit


def end(pk: int) -> None:
    SchedulePlan.objects.create(schedule_id=pk)
    SchedulePlan.objects.update(end_at=LATER)


def test_a_new_schedule_is_journalled_with_the_time() -> None:
    pk = schedule().pk
    (edit,) = ScheduleEdit.objects.all()
    assert (edit.schedule_id, edit.is_resume) == (pk, False)
    assert abs(edit.edited_at - ledger.now()) < timedelta(seconds=60)


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda pk: PeriodicTask.objects.filter(pk=pk).update(start_time=LATER), id="queryset"),
        pytest.param(lambda pk: PeriodicTask.objects.filter(pk=pk).update(task="other"), id="task"),
        pytest.param(lambda pk: PeriodicTask.objects.filter(pk=pk).update(enabled=False), id="pause"),
        pytest.param(by_sql("kwargs", '{"y": 1}'), id="sql"),
        pytest.param(end, id="end"),
    ],
)
def test_an_edit_is_journalled_however_it_is_made(edit: Callable[[int], Any]) -> None:
    pk, other = schedule().pk, schedule("other").pk
    assert edited() == [(pk, False), (other, False)]
    edit(pk)
    assert edited() == [(pk, False)]


def test_a_resumed_schedule_is_journalled_as_such() -> None:
    pk = schedule().pk
    PeriodicTask.objects.update(enabled=False)
    PeriodicTask.objects.update(enabled=True)
    assert edited() == [(pk, False), (pk, False), (pk, True)]


@pytest.mark.parametrize(
    ("rule", "edit"),
    [
        ({"crontab": lambda: CrontabSchedule.objects.create(hour="8")}, {"hour": "9"}),
        ({"interval": lambda: IntervalSchedule.objects.create(every=1, period="days")}, {"every": 2}),
        ({"clocked": lambda: ClockedSchedule.objects.create(clocked_time=LATER)}, {"clocked_time": ledger.now()}),
        ({"solar": lambda: SolarSchedule.objects.create(event="sunset", latitude=1, longitude=1)}, {"latitude": 2}),
    ],
)
def test_an_edit_of_a_shared_rule_is_journalled_for_each_of_its_schedules(
    rule: dict[str, Callable[[], Any]], edit: dict[str, Any]
) -> None:
    ((kind, make),) = rule.items()
    shared, one_off = make(), kind == "clocked"
    first, second = (schedule(name, one_off=one_off, **{kind: shared}).pk for name in ("first", "second"))
    schedule("third")
    edited()
    type(shared).objects.filter(pk=shared.pk).update(**edit)
    assert sorted(edited()) == [(first, False), (second, False)]


def test_what_beat_writes_and_what_changes_nothing_is_not_journalled() -> None:
    pk = schedule().pk
    SchedulePlan.objects.create(schedule_id=pk, rule="every 60")
    edited()
    PeriodicTask.objects.update(last_run_at=LATER, total_run_count=7, enabled=True, description="words")
    SchedulePlan.objects.update(next_fire_at=LATER, last_fire_at=LATER, grace_seconds=7)
    assert edited() == []


def test_an_edit_that_is_rolled_back_leaves_nothing() -> None:
    pk = schedule().pk
    edited()
    with transaction.atomic():
        PeriodicTask.objects.filter(pk=pk).update(enabled=False)
        transaction.set_rollback(True)
    assert edited() == []


def test_triggers_that_a_migration_took_away_come_back_with_the_next() -> None:
    assert edit_triggers.missing(connection) == []
    with connection.cursor() as cursor:
        on = f" ON {edit_triggers.PLAN}" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER daybook_plan_edited{on}")
    assert edit_triggers.missing(connection) == ["daybook_plan_edited"]
    edit_triggers.install(connection)
    assert edit_triggers.missing(connection) == []


@pytest.mark.parametrize("delete", [lambda rule: rule.delete(), lambda rule: type(rule).objects.all().delete()])
def test_a_rule_in_use_is_not_deleted_and_takes_no_schedule_along(delete: Callable[[Any], Any]) -> None:
    mine = schedule("mine")
    with pytest.raises(ProtectedError, match="'mine'; give them another rule first"), transaction.atomic():
        delete(mine.interval)
    assert PeriodicTask.objects.filter(pk=mine.pk, interval=mine.interval).exists()
    rule = mine.interval
    mine.delete()
    delete(rule)
    assert not IntervalSchedule.objects.exists()
