"""Threema registrations against a double of the gateway over HTTP: activated once, settled there, none in the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from ingestion.providers.errors import AccessRefusedError, RejectedError
from jobs import every, registry
from jobs.testing import result_of, run_job
from notifications.models import Preference, ThreemaIntegration
from notifications.operations import start_threema
from notifications.tasks import delete_spent_tokens, threema_polling
from tests.doubles.threema_gateway import KEY, ThreemaGateway

pytestmark = [pytest.mark.django_db, pytest.mark.req("SW-21")]
NOTHING = {"activated": 0, "already": 0, "expired": 0, "unknown": 0, "errors": 0}


@pytest.fixture
def gateway(settings: Settings) -> Iterator[ThreemaGateway]:
    with ThreemaGateway() as running:
        settings.DAYBOOK_NOTIFICATIONS = {
            "threema_gateway_url": f"{running.url}/v1/",
            "threema_gateway_token": KEY,
            "threema_gateway_id": "*DAYBOOK",
            "threema_gateway_secret": "s3cret/s3cret",
        }
        yield running


@pytest.fixture
def kim() -> User:
    return User.objects.create_user("kim", email="kim@home.example")


def test_a_token_that_came_in_activates_its_users_integration_once(gateway: ThreemaGateway, kim: User) -> None:
    gateway.receive(start_threema(kim).upper(), "abcd1234")
    run = run_job(threema_polling)
    assert result_of(run) == {**NOTHING, "activated": 1}
    row = ThreemaIntegration.objects.get()
    assert (row.threema_id, row.activated_at is not None, row.run_id) == ("ABCD1234", True, run.pk)
    preference = Preference.objects.get(user=kim)
    assert preference.apprise_urls == ["threema://*DAYBOOK@s3cret%2Fs3cret/ABCD1234"]
    assert preference.channels == ["email", "apprise"]
    assert gateway.settled == {"1": "activated"}
    assert result_of(run_job(threema_polling)) == NOTHING


def test_a_run_that_died_before_it_told_the_gateway_is_made_up(gateway: ThreemaGateway, kim: User) -> None:
    number = gateway.receive(start_threema(kim))
    gateway.broken = {number}
    assert threema_polling() == {**NOTHING, "errors": 1}
    gateway.broken = set()
    assert threema_polling() == {**NOTHING, "already": 1}
    assert gateway.settled == {number: "already"}
    assert len(Preference.objects.get().apprise_urls) == 1


def test_what_matches_nobody_leaves_the_list_and_keeps_no_other_waiting(gateway: ThreemaGateway, kim: User) -> None:
    late = start_threema(kim)
    ThreemaIntegration.objects.update(expires_at=timezone.now())
    for token, threema_id in [
        ("nonsense", "ABCD1234"),
        ("x", "no id"),
        (late, "ABCD1234"),
        (start_threema(kim), "WXYZ9876"),
    ]:
        gateway.receive(token, threema_id)
    taken = start_threema(kim)
    gateway.receive(taken, "AAAAAAAA")
    gateway.receive(taken, "EEEEEEEE")
    assert threema_polling() == {"activated": 2, "already": 0, "expired": 1, "unknown": 2, "errors": 1}
    assert gateway.settled == {"1": "unknown", "3": "expired", "4": "activated", "5": "activated", "6": "unknown"}
    assert len(Preference.objects.get().apprise_urls) == 2


def test_a_gateway_that_says_no_or_would_show_the_token_to_others_fails_the_run(
    gateway: ThreemaGateway, settings: Settings
) -> None:
    settings.DAYBOOK_NOTIFICATIONS = {**settings.DAYBOOK_NOTIFICATIONS, "threema_gateway_token": "wrong"}
    with pytest.raises(AccessRefusedError):
        threema_polling()
    settings.DAYBOOK_NOTIFICATIONS = {**settings.DAYBOOK_NOTIFICATIONS, "threema_gateway_url": "http://x.example/v1"}
    with pytest.raises(RejectedError):
        threema_polling()


def test_without_a_gateway_there_is_nothing_to_do_and_it_runs_every_minute() -> None:
    assert threema_polling() == NOTHING
    declared = registry.find("threema_polling").declaration
    assert (declared.queue, declared.schedule) == ("notifications", every(minutes=1))


def test_the_admin_shows_the_token_once_and_spent_registrations_go(
    gateway: ThreemaGateway, admin_client: Client, kim: User
) -> None:
    made = admin_client.post(reverse("admin:notifications_threemaintegration_add"), {"user": kim.pk}, follow=True)
    (said,) = [str(message) for message in made.context["messages"] if "Token" in str(message)]
    gateway.receive(said.rpartition(" ")[2])
    start_threema(kim)
    assert threema_polling()["activated"] == 1
    assert delete_spent_tokens()["deleted"] == 0
    with time_machine.travel(timezone.now() + timedelta(hours=25), tick=False):
        assert delete_spent_tokens()["deleted"] == 1
    assert [each.threema_id for each in ThreemaIntegration.objects.all()] == ["ABCD1234"]
