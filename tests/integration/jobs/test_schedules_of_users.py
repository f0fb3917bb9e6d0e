"""Users have daily and weekly schedules of their own, by their own clock, so many at most, and touch no others."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django_celery_beat.models import PeriodicTask
from pytest_django import Settings

from jobs import operations, queries
from jobs.errors import RefusedError
from jobs.models import Run, ScheduleChange
from jobs.models.run import Cause
from jobs.operations import Asker, BadScheduleError
from jobs.queries import NoSuchScheduleError
from notifications.models import Preference
from tests import tasks_for_tests
from tests.schedules import SHELL, added

pytestmark = pytest.mark.django_db
assert tasks_for_tests


@pytest.fixture
def anna() -> User:
    return User.objects.create_user("anna")


@pytest.fixture
def ben() -> User:
    return User.objects.create_user("ben")


@pytest.fixture(autouse=True)
def may(settings: Settings) -> None:
    settings.DAYBOOK = {**settings.DAYBOOK, "user_jobs": ("noted", "ingest_emails"), "schedules_per_user": 2}


def _as(user: User) -> Asker:
    return Asker(cause=Cause.API, user=user)


def test_a_daily_schedule_follows_the_users_clock(anna: User) -> None:
    Preference.objects.create(user=anna, time_zone="America/New_York")
    made = operations.schedule_for_user(anna, job="noted", hour=7, minute=30, by=_as(anna))
    assert (made.name, str(made.crontab)) == (
        "noted for anna, daily 07:30",
        "30 7 * * * (m/h/dM/MY/d) America/New_York",
    )
    assert made.plan.owner == anna
    assert operations.run_schedule_now(made, by=_as(anna)).owner == anna


def test_a_weekly_schedule_names_its_day_and_may_name_another_zone(anna: User) -> None:
    made = operations.schedule_for_user(
        anna, job="noted", hour=0, minute=5, weekday="sun", zone="Asia/Tokyo", kwargs={"label": "x"}, by=SHELL
    )
    assert (str(made.crontab), made.kwargs) == ("5 0 * * 0 (m/h/dM/MY/d) Asia/Tokyo", '{"label": "x"}')
    assert ScheduleChange.objects.get().asker == "root"


def test_a_job_that_takes_a_user_gets_the_owner_whatever_was_asked(anna: User, ben: User) -> None:
    made = operations.schedule_for_user(
        anna, job="ingest_emails", hour=1, minute=0, kwargs={"user_id": ben.pk}, by=_as(anna)
    )
    assert queries.settings_of(made).kwargs == {"user_id": anna.pk}


@pytest.mark.parametrize(
    ("hour", "minute", "weekday", "setting"),
    [(24, 0, "", "time"), (1, 60, "", "time"), (-1, 0, "", "time"), (1, 0, "someday", "weekday")],
)
def test_a_time_that_no_clock_shows_is_refused(anna: User, hour: int, minute: int, weekday: str, setting: str) -> None:
    with pytest.raises(BadScheduleError) as refusal:
        operations.schedule_for_user(anna, job="noted", hour=hour, minute=minute, weekday=weekday, by=_as(anna))
    assert list(refusal.value.problems) == [setting]
    assert PeriodicTask.objects.count() == 0


def test_a_user_has_so_many_and_no_more(anna: User) -> None:
    for hour in (1, 2):
        operations.schedule_for_user(anna, job="noted", hour=hour, minute=0, by=_as(anna))
    with pytest.raises(RefusedError, match="anna has 2 schedules, and 2 is the most"):
        operations.schedule_for_user(anna, job="noted", hour=3, minute=0, by=_as(anna))
    assert operations.remove_schedules_of_user(anna, by=_as(anna), job="noted") == 2


@pytest.mark.req("AA-5")
def test_users_schedule_only_for_themselves_and_only_what_is_allowed(anna: User, ben: User) -> None:
    with pytest.raises(RefusedError, match="only staff may make schedules for others"):
        operations.schedule_for_user(ben, job="noted", hour=1, minute=0, by=_as(anna))
    with pytest.raises(RefusedError, match="users may not schedule 'kills_itself' for themselves"):
        operations.schedule_for_user(anna, job="kills_itself", hour=1, minute=0, by=_as(anna))
    with pytest.raises(RefusedError, match="only staff may add schedules"):
        operations.add_schedule({"name": "mine", "job": "noted", "rule": "every minute"}, by=_as(anna))
    with pytest.raises(RefusedError, match="another user's"):
        operations.remove_schedules_of_user(ben, by=_as(anna))
    assert PeriodicTask.objects.count() == 0


@pytest.mark.req("AA-5")
@pytest.mark.parametrize(
    "touch",
    [
        lambda schedule, by: operations.edit_schedule(schedule, {"enabled": False}, by=by),
        lambda schedule, by: operations.pause_schedule(schedule, by=by),
        lambda schedule, by: operations.resume_schedule(schedule, by=by),
        lambda schedule, by: operations.run_schedule_now(schedule, by=by),
        lambda schedule, by: operations.remove_schedules([schedule], by=by),
    ],
    ids=["edit", "pause", "resume", "run now", "remove"],
)
def test_a_user_sees_and_touches_only_own_schedules(
    anna: User, ben: User, touch: Callable[[PeriodicTask, Asker], object]
) -> None:
    bens = operations.schedule_for_user(ben, job="noted", hour=1, minute=0, by=_as(ben))
    system = added("system")
    for schedule in (bens, system):
        with pytest.raises(NoSuchScheduleError):
            touch(schedule, _as(anna))
    assert PeriodicTask.objects.filter(enabled=True).count() == 2
    assert Run.objects.count() == 0
    assert list(queries.visible_schedules(anna)) == []
    assert list(queries.visible_schedules(ben)) == [bens]
    anna.is_staff = True
    assert list(queries.visible_schedules(anna)) == [bens, system]


@pytest.mark.req("AA-5")
def test_an_owner_changes_the_time_but_neither_the_job_nor_its_arguments_nor_the_pace(anna: User) -> None:
    own = operations.schedule_for_user(anna, job="noted", hour=1, minute=0, by=_as(anna))
    assert operations.edit_schedule(own, {"rule": "weekly fri 18:00", "enabled": False}, by=_as(anna)) == [
        "rule",
        "enabled",
    ]
    for changes in ({"job": "exits"}, {"kwargs": {"label": "x"}}, {"owner": ""}, {"queue": "ai"}):
        with pytest.raises(RefusedError, match="only staff may change"):
            operations.edit_schedule(own, changes, by=_as(anna))
    for rule in ("every 1 seconds", "* * * * *", "*/5 1 * * *"):
        with pytest.raises(RefusedError, match="daily or weekly"):
            operations.edit_schedule(own, {"rule": rule}, by=_as(anna))
