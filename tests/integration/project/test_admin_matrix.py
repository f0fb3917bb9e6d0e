"""Every page and action of the admin by role; a model, an action or an address that is not in the table fails."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import reverse
from django_celery_beat.models import PeriodicTask

from jobs import operations
from jobs.models import BadMessage, Run, ScheduleChange
from jobs.models.run import Cause
from jobs.operations import Asker
from jobs.states import State
from tests import tasks_for_tests
from tests.rows import NOON, saved_run

pytestmark = [pytest.mark.django_db, pytest.mark.req("SK-12", "PW-8")]
assert tasks_for_tests
ROLES = ("viewer", "operator", "admin")
STOCK = ("changelist", "add", "history", "delete", "change")


LOOK = ("v", "v", "v")
RULES = ("v", "vacd", "vacd")
THEIRS = ("v", "v", "vacd")
# Of each model, what a viewer, an operator and an admin may: view, add, change, delete, and their actions.
TABLE = {
    "auth.Group": ("-", "-", "vacd"),
    "auth.User": ("-", "-", "vacd reset_second_factor"),
    "django_celery_beat.ClockedSchedule": RULES,
    "django_celery_beat.CrontabSchedule": RULES,
    "django_celery_beat.IntervalSchedule": RULES,
    "django_celery_beat.PeriodicTask": (
        "v",
        "vacd duplicate pause resume run_now",
        "vacd duplicate pause resume run_now",
    ),
    "django_celery_beat.SolarSchedule": RULES,
    "ingestion.Account": THEIRS,
    "ingestion.ArchiveConfiguration": LOOK,
    "ingestion.Calendar": THEIRS,
    "ingestion.CalendarEvent": LOOK,
    "ingestion.Classification": LOOK,
    "ingestion.Fact": LOOK,
    "ingestion.LLMCall": LOOK,
    "ingestion.Mail": LOOK,
    "ingestion.Thread": LOOK,
    "ingestion.ThreadReview": LOOK,
    "ingestion.Todo": LOOK,
    "ingestion.Transaction": LOOK,
    "jobs.ApiToken": ("-", "va revoke", "va revoke"),
    "jobs.AuditEntry": LOOK,
    "jobs.BadMessage": ("v", "v discard replay", "v discard replay"),
    "jobs.KeptKey": ("v", "v restore", "v restore"),
    "jobs.Queue": LOOK,
    "jobs.Run": LOOK,
    "jobs.Worker": LOOK,
    "notifications.Alert": LOOK,
    "notifications.Delivery": ("v", "v", "v send_again"),
    "notifications.Exchange": ("v", "v", "vacd draw_names let_people_in"),
    "notifications.Preference": THEIRS,
    "notifications.RunWish": THEIRS,
    "notifications.Signal": LOOK,
    "notifications.ThreemaIntegration": ("v", "v", "vad"),
    "notifications.WebhookEndpoint": THEIRS,
}
Address = tuple[tuple[str, ...], dict[str, str] | None, tuple[int, int, int]]
# What each further address takes, what is sent there (None: it is only looked at), and the answers to the three.
ADDRESSES: dict[str, Address] = {
    "jobs_run_overview": ((), None, (200, 200, 200)),
    "jobs_run_dead_letters": ((), None, (200, 200, 200)),
    "jobs_run_wish": (("run_id",), {"wish": "retry"}, (403, 302, 302)),
    "jobs_run_retry": (("run_id",), {"arguments": '{"x": 2}'}, (403, 302, 302)),
    "jobs_schedule_preview_new": ((), {"rule": "daily 07:30"}, (403, 200, 200)),
    "jobs_schedule_preview": (("pk",), {"rule": "daily 07:30"}, (403, 200, 200)),
    "jobs_schedule_wish": (("pk",), {"wish": "pause"}, (403, 302, 302)),
    "jobs_schedule_backfill": (("pk",), {}, (403, 200, 200)),
    "jobs_schedule_revert": (("change",), {}, (403, 302, 302)),
    "jobs_badmessage_wish": (("message_id",), {"wish": "discard"}, (403, 302, 302)),
}


def member(role: str) -> User:
    user = User.objects.create_user(role, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user


def told(model: type[Model], user: User) -> str:
    page = admin.site._registry[model]
    request: Any = RequestFactory().get("/")
    request.user = user
    asked = {"v": "view", "a": "add", "c": "change", "d": "delete"}
    may = "".join(letter for letter, name in asked.items() if getattr(page, f"has_{name}_permission")(request))
    return " ".join([may or "-", *sorted(set(page.get_actions(request)) - {"delete_selected"})])


def test_who_may_see_add_change_delete_and_do_what() -> None:
    users = [member(role) for role in ROLES]
    found = {model._meta.label: tuple(told(model, user) for user in users) for model in admin.site._registry}
    assert found == TABLE


def test_the_table_of_addresses_holds_every_one_that_is_not_djangos_own() -> None:
    urls = [url for page in admin.site._registry.values() for url in page.get_urls()]
    assert {url.name for url in urls if url.name and url.name.rpartition("_")[2] not in STOCK} == set(ADDRESSES)


@pytest.fixture
def places() -> dict[str, Any]:
    """What the addresses are of: a dead letter, a schedule with a change, a quarantined message."""
    run = saved_run(job="add", kwargs={"x": 1}, state=State.FAILED, finished_at=NOON, error_fingerprint="f" * 16)
    new = {"name": "nightly", "job": "add", "rule": "daily 07:30", "kwargs": {"x": 1}}
    schedule = operations.add_schedule(new, by=Asker(cause=Cause.CLI))
    message = BadMessage.objects.create(received_at=NOON, reason="unknown_job", job="gone", size=9, body=b"[]")
    change = ScheduleChange.objects.latest("id").pk
    return {"run_id": run.pk, "pk": schedule.pk, "change": change, "message_id": message.pk}


@pytest.mark.parametrize("name", sorted(ADDRESSES))
def test_who_gets_what_from_an_address(name: str, places: dict[str, Any]) -> None:
    taken, sent, answers = ADDRESSES[name]
    path = reverse(f"admin:{name}", kwargs={key: places[key] for key in taken})
    before, given = state_of_things(), []
    for role in ROLES:
        client = Client()
        client.force_login(member(role))
        with transaction.atomic():
            given.append((client.get(path) if sent is None else client.post(path, sent)).status_code)
            if given[-1] == 403:
                assert state_of_things() == before
            transaction.set_rollback(True)
    assert tuple(given) == answers
    assert Client().post(path, sent or {}).headers["Location"].startswith("/admin/login/")


def state_of_things() -> list[Any]:
    models: tuple[Any, ...] = (Run, PeriodicTask, BadMessage, ScheduleChange)
    return [list(model.objects.order_by("pk").values()) for model in models]


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/admin/jobs/queue/", {"queue": "email", "wish": "pause"}),
        ("/admin/jobs/queue/", {"queue": "email", "wish": "purge"}),
        ("/admin/jobs/run/dead-letters/", {"wish": "all", "job": "add", "fingerprint": "f" * 16}),
        ("/admin/jobs/run/dead-letters/", {"wish": "discard", "job": "add", "fingerprint": "f" * 16}),
    ],
)
def test_a_wish_on_a_page_that_viewers_see_is_refused_to_them(
    path: str, sent: dict[str, str], places: dict[str, Any]
) -> None:
    viewer, operator = Client(), Client()
    viewer.force_login(member("viewer"))
    operator.force_login(member("operator"))
    before = state_of_things()
    assert viewer.get(path).status_code == 200
    assert viewer.post(path, sent).status_code == 403
    assert state_of_things() == before
    assert operator.post(path, sent).status_code == 302
