"""Quarantined messages are shown as text, sent again and closed, from the command line and in the admin."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from celery import current_app
from django.contrib.auth.models import Permission, User
from django.test import Client

from jobs.models import BadMessage
from tests import tasks_for_tests
from tests.commands import jobs, jobs_json, refused
from tests.rows import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.req("SW-22")]
assert tasks_for_tests
BODY = json.dumps([[], {"x": "é"}, {}]).encode()
MESSAGES = "/admin/jobs/badmessage/"


def _message(**columns: Any) -> BadMessage:
    given = {
        "received_at": NOON,
        "queue": "quarantine-test",
        "reason": BadMessage.Reason.ARGUMENTS,
        "detail": "x must be a number",
        "job": "add",
        "task_id": str(uuid4()),
        "content_type": "application/json",
        "headers": {"task": "add", "password": "hunter2"},
        "body": BODY,
        "size": len(BODY),
    }
    return BadMessage.objects.create(**{**given, **columns})


def _row(message: BadMessage) -> dict[str, Any]:
    return {**BadMessage.objects.values().get(pk=message.pk), "body": None}


def _delivered(queue: str) -> list[tuple[bytes, str]]:
    with current_app.connection_for_read() as connection, connection.channel() as channel:
        waiting = current_app.amqp.queues[queue](channel)
        messages = iter(lambda: waiting.get(no_ack=True), None)
        return [(_bytes(message.body), message.headers["task"]) for message in messages]


def _bytes(body: bytes | str | None) -> bytes:
    return body if isinstance(body, bytes) else (body or "").encode()


def test_list_and_show_tell_what_is_wrong_and_mask_headers() -> None:
    message = _message()
    _message(discarded_at=NOON)
    [listed] = jobs_json("quarantine", "list")
    assert (listed["id"], listed["reason"], listed["detail"]) == (str(message.pk), "arguments", "x must be a number")
    shown = jobs_json("quarantine", "show", str(message.pk))
    assert (shown["headers"], json.loads(shown["body"])) == ({"task": "add", "password": "***"}, [[], {"x": "é"}, {}])
    page = jobs("quarantine", "show", str(message.pk))
    assert '"x": "é"' in page
    assert "hunter2" not in page + jobs("quarantine", "list")


@pytest.mark.parametrize("verb", ["show", "replay", "discard"])
@pytest.mark.parametrize("message_id", ["0b5f2a2e-6c1d-7c3e-8f00-000000000000", "nonsense"])
def test_a_message_that_is_not_there_exits_2(verb: str, message_id: str) -> None:
    assert refused("quarantine", verb, message_id) == (2, f"no quarantined message has the id {message_id}")


@pytest.mark.broker
def test_replay_sends_the_very_bytes_again_and_only_once(broker: str) -> None:
    message = _message(queue="maintenance")
    jobs("quarantine", "replay", str(message.pk))
    assert _delivered("maintenance") == [(BODY, "add")]
    row = _row(message)
    assert row["replayed_at"] is not None
    said = f"message {message.pk} was replayed already"
    assert refused("quarantine", "replay", str(message.pk)) == (3, said)
    assert (_delivered("maintenance"), _row(message)) == ([], row)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"discarded_at": NOON}, "was discarded already"),
        ({"job": "ad"}, "no job is called 'ad'; did you mean add?: deploy the code that has it first"),
        ({"size": 1000}, f"only {len(BODY)} of its 1000 bytes were kept: send it anew"),
    ],
)
def test_a_message_that_can_not_go_again_exits_3_and_stays(columns: dict[str, Any], words: str) -> None:
    message = _message(**columns)
    before = _row(message)
    status, said = refused("quarantine", "replay", str(message.pk))
    assert (status, said[-len(words) :]) == (3, words)
    assert _row(message) == before


def test_discard_closes_a_message_once() -> None:
    message = _message()
    assert jobs("quarantine", "discard", str(message.pk)) == f"{message.pk} discarded\n"
    row = _row(message)
    assert (row["discarded_at"] is not None, row["replayed_at"]) == (True, None)
    assert refused("quarantine", "discard", str(message.pk)) == (3, f"message {message.pk} was discarded already")
    assert _row(message) == row


@pytest.mark.broker
def test_the_admin_replays_from_the_page_and_from_the_list(admin_client: Client, broker: str) -> None:
    first, second = _message(queue="maintenance"), _message(queue="maintenance")
    page = admin_client.get(f"{MESSAGES}{first.pk}/change/")
    assert "&quot;x&quot;: &quot;é&quot;" in page.content.decode()
    admin_client.post(f"{MESSAGES}{first.pk}/wish/", {"wish": "replay"})
    admin_client.post(MESSAGES, {"action": "replay", "_selected_action": [str(second.pk)]})
    assert len(_delivered("maintenance")) == 2
    assert BadMessage.objects.filter(replayed_at=None).count() == 0
    assert b">Replay</button>" not in admin_client.get(f"{MESSAGES}{first.pk}/change/").content


def test_the_admin_tells_why_a_message_stays(admin_client: Client) -> None:
    message = _message(job="ad")
    before = _row(message)
    response = admin_client.post(f"{MESSAGES}{message.pk}/wish/", {"wish": "replay"}, follow=True)
    assert "no job is called &#x27;ad&#x27;" in response.content.decode()
    assert admin_client.post(f"{MESSAGES}{message.pk}/wish/", {"wish": "eat"}).status_code == 400
    assert _row(message) == before


def test_who_may_only_look_can_neither_replay_nor_discard(client: Client) -> None:
    message = _message()
    before = _row(message)
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_badmessage"))
    client.force_login(viewer)
    page = client.get(f"{MESSAGES}{message.pk}/change/")
    assert (page.status_code, b">Replay</button>" in page.content) == (200, False)
    assert client.post(f"{MESSAGES}{message.pk}/wish/", {"wish": "discard"}).status_code == 403
    client.post(MESSAGES, {"action": "discard", "_selected_action": [str(message.pk)]})
    assert client.get(f"{MESSAGES}{message.pk}/wish/").status_code == 405
    assert _row(message) == before
