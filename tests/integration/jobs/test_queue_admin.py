"""Queues are seen, paused and resumed in the admin, by those who may."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from jobs.models import Queue
from tests.rows import saved_run

pytestmark = pytest.mark.django_db
QUEUES = "/admin/jobs/queue/"


def _said(client: Client, **fields: str) -> str:
    response = client.post(QUEUES, fields, follow=True)
    return str(next(iter(response.context["messages"])))


@pytest.mark.req("AQ-1")
def test_every_configured_queue_is_listed_though_none_has_a_row(admin_client: Client) -> None:
    saved_run(queue="email")
    response = admin_client.get(QUEUES)
    listed = [(queue.name, queue.waiting) for queue in response.context["queues"]]
    assert listed == [("base", 0), ("email", 1), ("ai", 0), ("notifications", 0), ("maintenance", 0)]


def test_a_queue_is_paused_and_resumed(admin_client: Client, admin_user: User) -> None:
    assert _said(admin_client, queue="email", wish="pause") == "email is paused."
    assert Queue.objects.get().paused_by == admin_user
    assert _said(admin_client, queue="email", wish="pause") == "email was paused already."
    assert _said(admin_client, queue="email", wish="resume") == "email runs again."
    assert Queue.objects.get().paused_at is None
    assert _said(admin_client, queue="email", wish="resume") == "email was not paused."


def test_a_queue_that_is_not_there_is_told(admin_client: Client) -> None:
    assert _said(admin_client, queue="nothing", wish="pause") == "There is no queue 'nothing'."
    assert Queue.objects.count() == 0


def test_who_may_only_look_can_not_pause(client: Client) -> None:
    viewer = User.objects.create_user("viewer", is_staff=True)
    client.force_login(viewer)
    assert client.get(QUEUES).status_code == 403
    viewer.user_permissions.add(Permission.objects.get(codename="view_queue"))
    page = client.get(QUEUES)
    assert (page.status_code, page.context["may_operate"]) == (200, False)
    assert b"Pause" not in page.content
    assert client.post(QUEUES, {"queue": "email", "wish": "pause"}).status_code == 403
    assert Queue.objects.count() == 0
