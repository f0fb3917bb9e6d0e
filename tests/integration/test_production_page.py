"""The foreign client on docs/going_to_production.md signs its messages so that a worker takes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from celery.signals import before_task_publish
from kombu.transport.virtual.base import Message

from jobs.conf import conf
from jobs.quarantine import fault_of
from project.celery import app
from tests.pages import executed

KEY = "a key of MESSAGE_SIGNING_KEYS"


@pytest.fixture
def client() -> Iterator[dict[str, Any]]:
    names = executed("docs/going_to_production.md")
    # A client elsewhere is its process's only app; here it must not stay the current one for the tests that follow.
    app.set_current()
    names["app"].conf.broker_url = "memory://production-page"
    yield names
    before_task_publish.disconnect(names["sign"])
    names["app"].close()


def _sent(client: dict[str, Any]) -> Message:
    client["classify"](5)
    with client["app"].connection() as connection:
        message = connection.default_channel.basic_get("ai", no_ack=True)
        assert isinstance(message, Message)
        return message


@pytest.mark.req("PL-1")
def test_the_foreign_client_of_the_page_is_trusted_by_its_key_alone(client: dict[str, Any]) -> None:
    ours, others = (replace(conf(), signing_keys=[key]) for key in (KEY, "another key"))
    message = _sent(client)
    assert fault_of(message, limits=ours) is None
    fault = fault_of(message, limits=others)
    assert fault and fault.reason == "signature"


def test_without_the_pages_signature_its_message_is_refused(client: dict[str, Any]) -> None:
    before_task_publish.disconnect(client["sign"])
    fault = fault_of(_sent(client), limits=replace(conf(), signing_keys=[KEY]))
    assert fault and fault.reason == "signature"
