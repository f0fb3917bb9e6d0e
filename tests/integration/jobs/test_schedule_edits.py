"""Schedules are added, edited, copied and removed in one place that checks them and writes down who did it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, PeriodicTask
from pytest_django import DjangoAssertNumQueries

from jobs import operations, queries
from jobs.errors import RefusedError
from jobs.models import ScheduleChange, SchedulePlan
from jobs.models.run import Cause
from jobs.operations import BadScheduleError
from tests import tasks_for_tests
from tests.rows import NOON, saved_run
from tests.schedules import SHELL, added

pytestmark = [pytest.mark.django_db, pytest.mark.req("PL-2")]
assert tasks_for_tests


def _boss() -> operations.Asker:
    return operations.Asker(cause=Cause.ADMIN, user=User.objects.create_user("boss", is_staff=True))


def test_a_schedule_has_what_was_asked_and_the_defaults_of_the_rest() -> None:
    made = added(
        owner=User.objects.create_user("anna").username,
        queue="email",
        misfire="each",
        grace_seconds=60,
        end_at="2999-01-01T00:00:00+01:00",
    )
    assert (made.task, made.kwargs, made.queue, made.enabled) == ("add", '{"x": 1}', "email", True)
    assert str(made.crontab) == "30 2 * * * (m/h/dM/MY/d) Europe/Zurich"
    plan = SchedulePlan.objects.get()
    assert (str(plan.owner), plan.misfire, plan.grace_seconds, plan.overlap) == ("anna", "each", 60, "allow")
    assert queries.settings_of(made).end_at == "2998-12-31T23:00:00+00:00"


def test_rules_that_are_alike_share_a_row_and_editing_one_schedule_leaves_the_other() -> None:
    first, second = added("first"), added("second")
    assert first.crontab_id == second.crontab_id
    assert operations.edit_schedule(second, {"rule": "0 3 * * *"}, by=SHELL) == ["rule"]
    assert [queries.settings_of(queries.find_schedule(name)).rule for name in ("first", "second")] == [
        "30 2 * * *",
        "0 3 * * *",
    ]
    assert CrontabSchedule.objects.count() == 2


@pytest.mark.parametrize(
    ("settings", "problems"),
    [
        ({"job": "nothing"}, {"job": ["no job is called 'nothing'"]}),
        ({"kwargs": {"z": 1}}, {"kwargs": ["x is missing; z is not an argument of this job"]}),
        ({"args": 5}, {"args": ["must be a JSON list, such as [1, 2]"]}),
        ({"args": ["one"], "kwargs": {}}, {"args": ["x: input should be a valid number"]}),
        ({"args": [1], "kwargs": {"x": 1}}, {"args": ["add() got multiple values for argument 'x'"]}),
        ({"kwargs": [1]}, {"kwargs": ['must be a JSON object, such as {"name": 1}']}),
        ({"queue": "emial"}, {"queue": None}),
        ({"rule": "0 0 31 2 *"}, {"rule": None}),
        ({"rule": "every 5 bananas"}, {"rule": None}),
        ({"rule": "61 * * * *"}, {"rule": None}),
        ({"rule": "at 2001-01-01 09:00"}, {"rule": ["this time never comes"]}),
        ({"zone": "Mars/Olympus"}, {"zone": None}),
        ({"name": " "}, {"name": ["must not be empty"]}),
        ({"name": "a\nb"}, {"name": ["must be at most 200 printable characters"]}),
        ({"priority": 10}, {"priority": ["must be a whole number from 0 to 9, or nothing"]}),
        ({"owner": "nobody"}, {"owner": ["there is no user 'nobody'"]}),
        ({"misfire": "sometimes"}, {"misfire": ["Value 'sometimes' is not a valid choice."]}),
        ({"grace_seconds": -1}, {"grace_seconds": None}),
        ({"grace_seconds": None}, {"grace_seconds": ["This field cannot be null."]}),
        ({"end_at": "yesterday"}, {"end_at": ["must be an ISO 8601 time, such as 2030-05-01T09:00:00+02:00"]}),
        ({"end_at": "2001-01-01T00:00"}, {"end_at": ["has passed"]}),
        ({"start_at": "2999-01-02T00:00", "end_at": "2999-01-01T00:00"}, {"end_at": ["must be after the start"]}),
        ({"expires_at": "2999-01-01T00:00", "expire_seconds": 5}, {"expire_seconds": None}),
        ({"colour": "red"}, {"colour": ["there is no such setting"]}),
    ],
)  # fmt: skip
def test_what_could_not_run_is_refused_by_its_setting(settings: dict[str, Any], problems: dict[str, Any]) -> None:
    with pytest.raises(BadScheduleError) as refusal:
        added(**{"name": "bad", **settings})
    found = refusal.value.problems
    assert list(found) == list(problems)
    assert [faults for name, faults in found.items() if problems[name]] == [each for each in problems.values() if each]
    assert (PeriodicTask.objects.count(), ScheduleChange.objects.count(), CrontabSchedule.objects.count()) == (0, 0, 0)


def test_a_name_is_taken_once() -> None:
    added()
    with pytest.raises(BadScheduleError, match="there is a schedule 'nightly' already"):
        added()


def test_a_schedule_whose_job_is_gone_can_still_be_paused_and_described() -> None:
    schedule = added()
    PeriodicTask.objects.update(task="removed_job")
    operations.edit_schedule(schedule, {"description": "gone", "enabled": False}, by=SHELL)
    assert PeriodicTask.objects.get().description == "gone"
    with pytest.raises(BadScheduleError, match="no job is called 'removed_job'"):
        operations.edit_schedule(schedule, {"kwargs": {"x": 2}}, by=SHELL)


def test_every_change_says_who_when_and_what_before_and_after() -> None:
    boss, before = _boss(), timezone.now()
    schedule = added()
    operations.edit_schedule(schedule, {"rule": "daily 08:00", "grace_seconds": 60, "queue": ""}, by=boss)
    operations.pause_schedule(schedule, by=boss)
    operations.resume_schedule(schedule, by=boss)
    operations.remove_schedules([schedule], by=boss)
    removed, resumed, paused, edited, created = queries.changes(name="nightly")
    assert [each.action for each in (created, edited, paused, resumed, removed)] == [
        "created", "edited", "paused", "resumed", "deleted",
    ]  # fmt: skip
    assert (created.asker, created.cause, edited.asker, edited.cause) == ("root", "command line", "boss", "admin")
    assert before <= created.at <= edited.at <= timezone.now()
    assert {each.setting: (each.before, each.after) for each in edited.differences} == {
        "rule": ("30 2 * * *", "0 8 * * *"),
        "grace_seconds": (300, 60),
    }
    assert [(each.setting, each.before, each.after) for each in paused.differences] == [("enabled", True, False)]
    assert {each.setting: each.before for each in removed.differences}["job"] == "add"


def test_a_change_that_changes_nothing_is_not_written_down() -> None:
    schedule = added()
    assert operations.edit_schedule(schedule, {"queue": "", "grace_seconds": 300}, by=SHELL) == []
    assert ScheduleChange.objects.count() == 1


def test_history_hides_secrets_but_a_revert_brings_them_back() -> None:
    schedule = added(job="sends_code", kwargs={"address": "a@b.ch", "code": "hush"})
    assert "hush" not in schedule.kwargs
    assert queries.describe_schedule(schedule).kwargs == {"address": "a@b.ch", "code": "***"}
    assert operations.edit_schedule(schedule, {"kwargs": {"address": "a@b.ch", "code": "***"}}, by=SHELL) == []
    operations.edit_schedule(schedule, {"kwargs": {"address": "a@b.ch", "code": "new"}}, by=SHELL)
    edited, created = queries.changes()
    assert [each.before for each in edited.differences] == [{"address": "a@b.ch", "code": "***"}]
    assert "hush" not in str(list(ScheduleChange.objects.values("before", "after")))
    operations.revert_change(queries.find_change(edited.id), by=SHELL)
    assert queries.settings_of(PeriodicTask.objects.get()).kwargs == {"address": "a@b.ch", "code": "hush"}
    assert created.can_revert is False


def test_a_revert_takes_back_one_change_and_leaves_later_ones() -> None:
    schedule = added()
    operations.edit_schedule(schedule, {"rule": "daily 08:00"}, by=SHELL)
    operations.edit_schedule(schedule, {"queue": "email"}, by=SHELL)
    change = queries.find_change(queries.changes()[1].id)
    after = queries.settings_of(operations.revert_change(change, by=SHELL))
    assert (after.rule, after.queue) == ("30 2 * * *", "email")
    latest = queries.changes()[0]
    assert (latest.action, latest.reverts) == ("reverted", change.pk)
    with pytest.raises(RefusedError, match="stands as it did before"):
        operations.revert_change(change, by=SHELL)


def test_a_removed_schedule_comes_back_with_all_its_settings() -> None:
    schedule = added(queue="email", grace_seconds=60, kwargs={"x": 7})
    before = queries.settings_of(schedule)
    operations.remove_schedules([schedule], by=SHELL)
    back = operations.revert_change(queries.find_change(queries.changes()[0].id), by=SHELL)
    assert queries.settings_of(back) == before
    with pytest.raises(RefusedError, match="remove it instead"):
        operations.revert_change(queries.find_change(queries.changes()[-1].id), by=SHELL)


def test_a_copy_is_paused_and_has_a_name_of_its_own() -> None:
    schedule = added(grace_seconds=60)
    copies = [operations.duplicate_schedule(schedule, by=SHELL) for _ in range(2)]
    assert [(copy.name, copy.enabled, copy.plan.grace_seconds) for copy in copies] == [
        ("nightly (copy)", False, 60),
        ("nightly (copy 2)", False, 60),
    ]


def test_resuming_clears_why_the_engine_paused_it() -> None:
    schedule = added(enabled=False)
    SchedulePlan.objects.update(paused_reason="5 failures in a row", failures_in_row=5)
    assert operations.resume_schedule(schedule, by=SHELL)
    plan = SchedulePlan.objects.get()
    assert (plan.paused_reason, plan.failures_in_row) == ("", 0)


def test_many_are_paused_and_removed_in_a_few_statements_and_their_runs_stay(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    crontab = CrontabSchedule.objects.create(minute="0", timezone="UTC")
    rows = PeriodicTask.objects.bulk_create(
        [PeriodicTask(name=f"many {number}", task="add", crontab=crontab) for number in range(300)]
    )
    SchedulePlan.objects.bulk_create([SchedulePlan(schedule=row, rule="") for row in rows])
    run = saved_run(schedule=rows[0], fire_at=NOON)
    with django_assert_max_num_queries(25):
        assert operations.pause_schedules(rows, by=SHELL) == 300
    with django_assert_max_num_queries(25):
        assert operations.remove_schedules(rows, by=SHELL) == 300
    run.refresh_from_db()
    assert (PeriodicTask.objects.count(), SchedulePlan.objects.count(), run.schedule_id) == (0, 0, None)
    assert ScheduleChange.objects.filter(action="deleted", schedule=None).count() == 300


def test_the_end_of_a_schedule_bounds_its_preview() -> None:
    end = (timezone.now() + timedelta(minutes=12)).isoformat()
    schedule = added(rule="every 5 minutes", end_at=end)
    assert len(queries.preview(schedule, count=10)) == 2
