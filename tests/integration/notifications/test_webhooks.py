"""Webhooks of runs that ended: the right ones, signed, once per end, retried, disabled, replayed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from jobs.testing import drain
from notifications.channels.signing import signature
from notifications.models import Alert, Delivery, WebhookEndpoint
from notifications.tasks import send_webhooks, watch_runs

from .conftest import let_time_pass, states
from .test_alerts import ended

pytestmark = [pytest.mark.django_db, pytest.mark.req("SK-12")]


@pytest.fixture
def receiver(settings: Settings) -> Iterator[HTTPServer]:
    settings.DAYBOOK_NOTIFICATIONS = {"webhook_networks": ["127.0.0.2/32"], "webhook_timeout_seconds": 2}
    with HTTPServer(host="127.0.0.2") as server:
        yield server


def endpoint(server: HTTPServer, path: str = "/in", **fields: object) -> WebhookEndpoint:
    return WebhookEndpoint.objects.create(**{"name": "Ours", "url": server.url_for(path), **fields})


def tick() -> None:
    watch_runs()
    drain(job=send_webhooks)


def test_a_program_is_told_of_the_ends_it_wants_signed_and_once(receiver: HTTPServer) -> None:
    receiver.expect_request("/in", method="POST").respond_with_data("")
    hook = endpoint(receiver, jobs=["sync_account"], states=["FAILED", "SUCCESS"])
    run = ended("FAILED", kwargs={"secret": "argument"})
    ended("SUCCESS", job="other")
    ended("CANCELLED")
    for _ in range(3):
        tick()
    ((request, _),) = receiver.log
    event = json.loads(request.data)
    assert (event["type"], event["data"]["id"], event["data"]["error_kind"]) == ("run.failed", str(run.pk), "OSError")
    assert "argument" not in request.data.decode()
    at = datetime.fromtimestamp(int(request.headers["webhook-timestamp"]), tz=UTC)
    expected = signature(hook.secret, message_id=request.headers["webhook-id"], at=at, body=request.data)
    assert request.headers["webhook-signature"] == expected
    assert states() == ["sent"]


def test_a_receiver_in_trouble_is_asked_again_under_the_same_id(receiver: HTTPServer) -> None:
    receiver.expect_ordered_request("/in").respond_with_data("later", status=503)
    receiver.expect_ordered_request("/in").respond_with_data("")
    hook = endpoint(receiver)
    ended()
    tick()
    hook.refresh_from_db()
    assert (states(), hook.failing_since is not None) == (["pending"], True)
    let_time_pass(minutes=2)
    tick()
    hook.refresh_from_db()
    assert (states(), hook.failing_since) == (["sent"], None)
    assert len({request.headers["webhook-id"] for request, _ in receiver.log}) == 1


def test_what_waits_goes_where_the_endpoint_is_now(receiver: HTTPServer) -> None:
    receiver.expect_request("/old").respond_with_data("", status=500)
    receiver.expect_request("/new").respond_with_data("")
    endpoint(receiver, "/old")
    ended()
    tick()
    WebhookEndpoint.objects.update(url=receiver.url_for("/new"))
    let_time_pass(minutes=2)
    tick()
    assert ([request.path for request, _ in receiver.log], states()) == (["/old", "/new"], ["sent"])


def test_one_that_takes_nothing_for_days_is_disabled_and_operators_know(receiver: HTTPServer) -> None:
    receiver.expect_request("/in").respond_with_data("no", status=500)
    hook = endpoint(receiver, failing_since=timezone.now() - timedelta(days=5))
    ended()
    tick()
    hook.refresh_from_db()
    assert not hook.is_active
    assert hook.disabled_reason.endswith("500 no")
    assert Alert.objects.filter(kind="webhook").get().title == "Webhook disabled: Ours"
    let_time_pass(hours=2)
    tick()
    assert len(receiver.log) == 1, "what waits stays until somebody switches it on again"


def test_a_receiver_that_is_gone_for_good_is_disabled_at_once(receiver: HTTPServer) -> None:
    receiver.expect_request("/in").respond_with_data("", status=410)
    hook = endpoint(receiver)
    for _ in range(2):
        ended()
    tick()
    hook.refresh_from_db()
    assert (hook.is_active, states(), len(receiver.log)) == (False, ["failed", "pending"], 1)


def test_a_dead_receiver_keeps_no_other_waiting(receiver: HTTPServer) -> None:
    receiver.expect_request("/good").respond_with_data("")
    receiver.expect_request("/bad").respond_with_data("", status=500)
    endpoint(receiver, "/bad")
    endpoint(receiver, "/good")
    for _ in range(5):
        ended()
    tick()
    paths = [request.path for request, _ in receiver.log]
    assert (paths.count("/good"), paths.count("/bad")) == (5, 3)


def test_a_person_may_replay_a_delivery_and_see_the_secret_once(receiver: HTTPServer, admin_client: Client) -> None:
    receiver.expect_request("/in").respond_with_data("")
    made = admin_client.post(
        reverse("admin:notifications_webhookendpoint_add"),
        {"name": "Ours", "url": receiver.url_for("/in"), "jobs": "[]", "states": '["FAILED"]', "is_active": "on"},
        follow=True,
    ).content.decode()
    hook = WebhookEndpoint.objects.get()
    assert hook.secret in made
    page = admin_client.get(reverse("admin:notifications_webhookendpoint_change", args=[hook.pk])).content.decode()
    assert hook.secret not in page
    ended()
    tick()
    chosen = {"action": "send_again", "_selected_action": [Delivery.objects.get().pk]}
    admin_client.post(reverse("admin:notifications_delivery_changelist"), chosen)
    tick()
    assert len(receiver.log) == 2


@pytest.mark.parametrize(
    "fields",
    [{"url": "ftp://x.example"}, {"url": "https://user:pw@x.example/"}, {"states": '["RUNNING"]'}, {"jobs": '"all"'}],
)
def test_what_makes_no_sense_is_refused(fields: dict[str, str], admin_client: Client) -> None:
    usual = {"name": "Ours", "url": "https://x.example/", "jobs": "[]", "states": "[]", "is_active": "on"}
    admin_client.post(reverse("admin:notifications_webhookendpoint_add"), {**usual, **fields})
    assert not WebhookEndpoint.objects.exists()
