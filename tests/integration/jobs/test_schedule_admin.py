"""Schedules are edited, paused and run from the admin, and a schedule that could not run is refused at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from jobs.models import Run, SchedulePlan
from jobs.models.run import Cause
from tests import tasks_for_tests
from tests.rows import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.req("PL-2")]
assert tasks_for_tests
SCHEDULES = "/admin/django_celery_beat/periodictask/"
POLICIES = {"misfire": "coalesce", "grace_seconds": "300", "overlap": "allow", "jitter_seconds": "0"}


@pytest.fixture
def schedule() -> PeriodicTask:
    nightly = CrontabSchedule.objects.create(minute="30", hour="2", timezone="Europe/Zurich")
    schedule = PeriodicTask.objects.create(name="nightly", task="add", kwargs='{"x": 1}', crontab=nightly)
    SchedulePlan.objects.create(schedule=schedule, rule="", next_fire_at=NOON)
    return schedule


def _form(**fields: Any) -> dict[str, Any]:
    return {"name": "five", "task": "add", "enabled": "on", "rule": "every 5 minutes", "zone": "UTC",
            "kwargs": '{"x": 1}', "args": "[]", "headers": "{}", **POLICIES, **fields}  # fmt: skip


def _errors(client: Client, **fields: Any) -> dict[str, list[str]]:
    response = client.post(f"{SCHEDULES}add/", _form(**fields))
    assert response.status_code == 200
    assert PeriodicTask.objects.count() == 0
    return dict(response.context["adminform"].form.errors)


def _act(client: Client, action: str, schedule: PeriodicTask) -> str:
    response = client.post(SCHEDULES, {"action": action, "_selected_action": [schedule.pk]}, follow=True)
    return str(next(iter(response.context["messages"]), "")) if response.status_code == 200 else "forbidden"


def test_the_list_says_rule_zone_and_next_fire_in_words(admin_client: Client, schedule: PeriodicTask) -> None:
    page = admin_client.get(SCHEDULES).content.decode()
    for part in ("At 02:30", "Europe/Zurich", "2026-03-01 13:00 CET", "nightly"):
        assert part in page


def test_a_schedule_is_made_and_edited_by_form(admin_client: Client) -> None:
    assert admin_client.post(f"{SCHEDULES}add/", _form()).status_code == 302
    made = PeriodicTask.objects.get()
    assert (made.name, made.task, made.kwargs, str(made.interval)) == ("five", "add", '{"x": 1}', "every 5 minutes")
    page = reverse("admin:django_celery_beat_periodictask_change", args=[made.pk])
    assert admin_client.get(page).status_code == 200
    assert admin_client.post(page, _form(kwargs='{"x": 2}', enabled="")).status_code == 302
    made.refresh_from_db()
    assert (made.kwargs, made.enabled) == ('{"x": 2}', False)


def test_the_plans_policies_are_edited_beside_the_schedule(admin_client: Client, schedule: PeriodicTask) -> None:
    page = reverse("admin:django_celery_beat_periodictask_change", args=[schedule.pk])
    fields = _form(
        name="nightly", rule="30 2 * * *", zone="Europe/Zurich", crontab=schedule.crontab_id, grace_seconds=3600
    )
    assert admin_client.post(page, fields).status_code == 302
    kept = SchedulePlan.objects.get()
    assert (kept.grace_seconds, kept.next_fire_at) == (3600, NOON)


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"kwargs": '{"z": 1}'}, {"kwargs": ["x is missing; z is not an argument of this job"]}),
        ({"kwargs": '{"x": "one"}'}, {"kwargs": ["x: input should be a valid number"]}),
        ({"kwargs": "[1]"}, {"kwargs": ["This must be a JSON object."]}),
        ({"args": "1"}, {"args": ["This must be a JSON list."]}),
        ({"task": "nothing"}, {"task": ["Select a valid choice. nothing is not one of the available choices."]}),
    ],
)
def test_a_schedule_that_could_not_run_is_refused(
    admin_client: Client, fields: dict[str, str], errors: dict[str, list[str]]
) -> None:
    assert _errors(admin_client, **fields) == errors


def test_broken_json_is_refused_with_the_place(admin_client: Client) -> None:
    assert _errors(admin_client, kwargs='{"x": }') == {
        "kwargs": ["This is not JSON: Expecting value: line 1 column 7 (char 6)"]
    }


def test_a_schedule_of_a_job_that_is_gone_can_still_be_opened(admin_client: Client, schedule: PeriodicTask) -> None:
    PeriodicTask.objects.update(task="removed_job")
    page = admin_client.get(reverse("admin:django_celery_beat_periodictask_change", args=[schedule.pk]))
    assert "removed_job (not known here)" in page.content.decode()


def test_schedules_are_paused_and_resumed(admin_client: Client, schedule: PeriodicTask) -> None:
    assert _act(admin_client, "pause", schedule) == "Paused 1 of 1."
    assert not PeriodicTask.objects.get().enabled
    assert _act(admin_client, "pause", schedule) == "Paused 0 of 1."
    assert _act(admin_client, "resume", schedule) == "Resumed 1 of 1."
    assert PeriodicTask.objects.get().enabled


def test_a_schedule_runs_now_for_the_person_who_asks(
    admin_client: Client, admin_user: User, schedule: PeriodicTask
) -> None:
    said = _act(admin_client, "run_now", schedule)
    run = Run.objects.get()
    assert said == f"nightly: enqueued run {run.pk}."
    assert (run.job, run.kwargs, run.owner, run.cause) == ("add", {"x": 1}, admin_user, Cause.ADMIN)


def test_a_schedule_of_a_job_that_is_gone_does_not_run(admin_client: Client, schedule: PeriodicTask) -> None:
    PeriodicTask.objects.update(task="removed_job")
    assert _act(admin_client, "run_now", schedule) == "nightly: no job is called 'removed_job'"
    assert Run.objects.count() == 0


def test_who_may_only_look_can_neither_pause_nor_run(client: Client, schedule: PeriodicTask) -> None:
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_periodictask"))
    client.force_login(viewer)
    assert client.get(SCHEDULES).status_code == 200
    for action in ("pause", "run_now"):
        _act(client, action, schedule)
    assert PeriodicTask.objects.get().enabled
    assert Run.objects.count() == 0
