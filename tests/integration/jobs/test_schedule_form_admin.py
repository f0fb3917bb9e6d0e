"""The schedule's form previews its rule, keeps its secrets, and every page of it asks for the right to change."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
from pytest_django import DjangoAssertNumQueries

from jobs import queries
from jobs.models import Run, ScheduleChange, SchedulePlan
from tests import tasks_for_tests
from tests.rows import NOON, saved_run
from tests.schedules import added

pytestmark = [pytest.mark.django_db, pytest.mark.req("PL-2")]
assert tasks_for_tests
SCHEDULES = "/admin/django_celery_beat/periodictask/"


def _form(**fields: Any) -> dict[str, Any]:
    return {"name": "nightly", "task": "add", "enabled": "on", "rule": "30 2 * * *", "zone": "Europe/Zurich",
            "kwargs": '{"x": 1}', "args": "[]", "headers": "{}", "misfire": "coalesce", "grace_seconds": "300",
            "overlap": "allow", "jitter_seconds": "0", **fields}  # fmt: skip


def _page(schedule: PeriodicTask, name: str = "change") -> str:
    return f"{SCHEDULES}{schedule.pk}/{name}/"


@pytest.fixture
def viewer(client: Client) -> Client:
    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_periodictask"))
    client.force_login(user)
    return client


def test_the_preview_reckons_ten_fires_marks_clock_changes_and_saves_nothing(admin_client: Client) -> None:
    once = admin_client.post(f"{SCHEDULES}preview/", _form(rule="30 2 28 3 *")).content.decode()
    assert "02:30:00 CEST" in once or "03:00:00 CEST" in once
    assert once.count("<li>") == 10
    daily = admin_client.post(f"{SCHEDULES}preview/", _form(rule="0 12 20-31 3,10 *")).content.decode()
    assert "clocks go forward 1 h" in daily or "clocks go back 1 h" in daily
    assert PeriodicTask.objects.count() == CrontabSchedule.objects.count() == 0


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"rule": "0 0 31 2 *"}, ""),
        ({"rule": "<script>alert(1)</script>"}, "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ({"zone": "Mars"}, "is no time zone"),
        ({"rule": ""}, "write 0 8"),
    ],
)
def test_the_preview_says_what_is_wrong_with_a_rule(admin_client: Client, fields: dict[str, str], said: str) -> None:
    page = admin_client.post(f"{SCHEDULES}preview/", _form(**fields)).content.decode()
    assert 'role="alert"' in page
    assert said in page.replace("`", "")
    assert "<li>" not in page
    assert "<script>" not in page


def test_a_shared_rule_is_chosen_instead_of_a_written_one_but_not_beside_it(admin_client: Client) -> None:
    interval = IntervalSchedule.objects.create(every=5, period="minutes")
    both = admin_client.post(f"{SCHEDULES}add/", _form(interval=interval.pk))
    assert both.context["adminform"].form.errors == {"rule": ["Write a rule, or choose one shared rule; not both."]}
    assert admin_client.post(f"{SCHEDULES}add/", _form(interval=interval.pk, rule="")).status_code == 302
    assert PeriodicTask.objects.get().interval_id == interval.pk


def test_a_written_rule_replaces_the_old_one_and_the_edit_is_on_record(admin_client: Client, admin_user: User) -> None:
    schedule = added()
    fields = _form(rule="every 2 hours", crontab=schedule.crontab_id, owner=admin_user.username, failures_to_pause=3)
    assert admin_client.post(_page(schedule), fields).status_code == 302
    after = queries.settings_of(queries.find_schedule("nightly"))
    assert (after.rule, after.owner, after.failures_to_pause) == ("every 2 hours", admin_user.username, 3)
    change = queries.changes()[0]
    assert (change.asker, change.cause, {each.setting for each in change.differences}) == (
        admin_user.username, "admin", {"rule", "zone", "owner", "failures_to_pause"},
    )  # fmt: skip
    page = admin_client.get(_page(schedule, "history")).content.decode()
    assert "30 2 * * *" in page
    assert "every 2 hours" in page
    assert admin_client.post(f"{SCHEDULES}change/{change.id}/revert/").status_code == 302
    assert queries.settings_of(queries.find_schedule("nightly")).rule == "30 2 * * *"


def test_the_page_asks_for_the_last_run_once(admin_client: Client) -> None:
    schedule = added("ticks")
    last = saved_run(schedule=schedule, fire_at=NOON)
    with CaptureQueriesContext(connection) as captured:
        page = admin_client.get(_page(schedule)).content.decode()
    assert str(last.pk) in page
    assert sum('ORDER BY U0."fire_at" DESC' in query["sql"] for query in captured) == 1


def test_the_form_masks_secrets_and_keeps_those_left_alone(admin_client: Client) -> None:
    schedule = added(job="sends_code", kwargs={"address": "a@b.ch", "code": "hush"})
    assert "hush" not in admin_client.get(_page(schedule)).content.decode()
    fields = _form(task="sends_code", kwargs='{"address": "new@b.ch", "code": "***"}', crontab=schedule.crontab_id)
    assert admin_client.post(_page(schedule), fields).status_code == 302
    assert queries.settings_of(queries.find_schedule("nightly")).kwargs == {"address": "new@b.ch", "code": "hush"}
    other = admin_client.post(_page(schedule), {**fields, "kwargs": '{"address": "***", "code": "***", "more": "***"}'})
    assert "stands for a secret" in str(other.context["adminform"].form.errors)


def test_the_page_pauses_resumes_copies_and_runs_now(admin_client: Client) -> None:
    schedule = added()
    for wish, enabled in (("pause", False), ("resume", True)):
        assert admin_client.post(_page(schedule, "wish"), {"wish": wish}).status_code == 302
        assert PeriodicTask.objects.get().enabled is enabled
    response = admin_client.post(_page(schedule, "wish"), {"wish": "run-now"})
    run = Run.objects.get()
    assert response.headers["Location"] == f"/admin/jobs/run/{run.pk}/change/"
    assert str(run.pk) in admin_client.get(SCHEDULES).content.decode()
    admin_client.post(_page(schedule, "wish"), {"wish": "duplicate"})
    assert PeriodicTask.objects.filter(name="nightly (copy)", enabled=False).exists()
    response = admin_client.post(_page(schedule, "wish"), {"wish": "explode"}, follow=True)
    assert "There is no wish" in response.content.decode()


def test_backfill_counts_first_and_enqueues_what_was_confirmed(admin_client: Client) -> None:
    schedule = added(rule="every 10 minutes")
    SchedulePlan.objects.update(next_fire_at=NOON)
    given = {"first_0": "2026-03-01", "first_1": "12:00", "until_0": "2026-03-01", "until_1": "13:00"}
    page = admin_client.post(_page(schedule, "backfill"), given)
    assert "7 runs of add would be enqueued" in page.content.decode()
    assert Run.objects.count() == 0
    stale = admin_client.post(_page(schedule, "backfill"), {**given, "confirmed": "6"})
    assert "there are 7 runs to enqueue now, not 6; look again" in stale.content.decode()
    assert admin_client.post(_page(schedule, "backfill"), {**given, "confirmed": "7"}).status_code == 302
    assert Run.objects.count() == 7


def test_a_viewer_sees_all_but_secrets_and_changes_nothing(viewer: Client) -> None:
    schedule = added(kwargs={"x": 1}, description="shown")
    change = ScheduleChange.objects.get()
    page = viewer.get(_page(schedule)).content.decode()
    assert "At 02:30" in page
    assert 'name="rule"' not in page
    refusals = [
        viewer.post(f"{SCHEDULES}preview/", _form()),
        viewer.post(_page(schedule, "preview"), _form()),
        viewer.post(_page(schedule), _form(name="other")),
        viewer.post(f"{SCHEDULES}change/{change.pk}/revert/"),
        viewer.get(_page(schedule, "backfill")),
        *(viewer.post(_page(schedule, "wish"), {"wish": wish}) for wish in ("pause", "run-now", "duplicate")),
    ]
    assert [refusal.status_code for refusal in refusals] == [403] * len(refusals)
    assert (PeriodicTask.objects.get().name, Run.objects.count(), ScheduleChange.objects.count()) == ("nightly", 0, 1)


def test_what_changes_needs_a_token_against_forged_requests(admin_user: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    schedule = added()
    for page in (_page(schedule, "wish"), _page(schedule, "preview"), _page(schedule, "backfill")):
        assert client.post(page, {"wish": "pause"}).status_code == 403
        assert client.get(_page(schedule, "wish")).status_code == 405
    assert PeriodicTask.objects.get().enabled


def test_the_list_costs_the_same_statements_for_two_schedules_and_for_forty(
    admin_client: Client, admin_user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    def fill(count: int) -> None:
        for number in range(PeriodicTask.objects.count(), count):
            schedule = added(f"many {number}", owner=admin_user.username, rule=f"{number} 3 * * *")
            saved_run(schedule=schedule, fire_at=NOON, owner=admin_user)

    fill(2)
    admin_client.get(SCHEDULES)
    with django_assert_num_queries(6):
        admin_client.get(SCHEDULES)
    fill(40)
    with django_assert_num_queries(6):
        page = admin_client.get(SCHEDULES)
    assert page.content.decode().count("many ") >= 40


def test_names_and_arguments_are_shown_as_text(admin_client: Client) -> None:
    schedule = added("<b onclick=x>", job="plain", kwargs={"value": "</script><img src=x>"}, description="<i>")
    for page in (
        SCHEDULES,
        _page(schedule),
        _page(schedule, "history"),
        _page(schedule, "backfill"),
        _page(schedule, "delete"),
    ):
        text = admin_client.get(page).content.decode()
        assert "<b onclick" not in text
        assert "<img src=x>" not in text
        assert "<i>" not in text


def test_a_rule_that_schedules_use_is_not_deleted_and_its_edit_is_on_their_record(admin_client: Client) -> None:
    schedule = added()
    rules = "/admin/django_celery_beat/crontabschedule/"
    crontab = CrontabSchedule.objects.get()
    admin_client.post(f"{rules}{crontab.pk}/delete/", {"post": "yes"})
    admin_client.post(rules, {"action": "delete_selected", "_selected_action": [crontab.pk], "post": "yes"})
    assert CrontabSchedule.objects.count() == PeriodicTask.objects.count() == 1
    fields = {
        "minute": "0",
        "hour": "4",
        "day_of_month": "*",
        "month_of_year": "*",
        "day_of_week": "*",
        "timezone": "UTC",
    }
    refused = admin_client.post(f"{rules}{crontab.pk}/change/", {**fields, "day_of_month": "31", "month_of_year": "2"})
    assert refused.context["adminform"].form.errors
    assert admin_client.post(f"{rules}{crontab.pk}/change/", fields).status_code == 302
    assert {each.setting: each.after for each in queries.changes(name=schedule.name)[0].differences} == {
        "rule": "0 4 * * *",
        "zone": "UTC",
    }


def test_chosen_schedules_are_deleted_with_their_history_kept(admin_client: Client) -> None:
    ids = [added(f"many {number}").pk for number in range(25)]
    asked = admin_client.post(SCHEDULES, {"action": "delete_selected", "_selected_action": ids})
    assert "and 5 more" in asked.content.decode()
    admin_client.post(SCHEDULES, {"action": "delete_selected", "_selected_action": ids, "post": "yes"})
    assert PeriodicTask.objects.count() == 0
    assert ScheduleChange.objects.filter(action="deleted").count() == 25
