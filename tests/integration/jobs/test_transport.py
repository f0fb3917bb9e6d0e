"""What the broker keeps of messages that a process holds, and what goes back to the queue when it closes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection

from jobs import transport
from tests.plugins.broker import Valkey
from tests.plugins.polling import poll

pytestmark = pytest.mark.broker

OURS: dict[str, Any] = {transport.HEADER: {"run": "a-run"}}


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    """A broker of the test's own."""
    transport.install()
    with Valkey(tmp_path) as server:
        yield server


@pytest.fixture
def connection(valkey: Valkey) -> Iterator[Connection]:
    """A connection to it."""
    with Connection(valkey.url) as opened:
        yield opened


def _send(connection: Connection, body: str, headers: dict[str, Any]) -> None:
    with connection.Producer() as producer:
        producer.publish(body, routing_key="q", headers=headers, declare=[connection.SimpleQueue("q").queue])


def _take(connection: Connection) -> tuple[Any, Any]:
    channel = connection.channel()
    # Not by a consumer, which may get more than the one.
    message = poll(connection.SimpleQueue("q", channel=channel).queue.get)
    return channel, message


def _kept(valkey: Valkey) -> int:
    return int(valkey.client().hlen("unacked"))


def test_the_broker_keeps_no_copy_of_a_message_that_a_row_stands_for(valkey: Valkey, connection: Connection) -> None:
    _send(connection, "ours", OURS)
    channel, message = _take(connection)
    assert (message.payload, _kept(valkey), len(channel.qos._delivered)) == ("ours", 0, 1)
    message.ack()
    channel.qos._flush()
    assert not channel.qos._delivered
    assert valkey.client().keys("unacked*") == []


def test_it_keeps_a_foreign_message_until_it_is_acknowledged(valkey: Valkey, connection: Connection) -> None:
    _send(connection, "foreign", {"task": "other"})
    _, message = _take(connection)
    assert _kept(valkey) == 1
    message.ack()
    assert _kept(valkey) == 0


def test_what_a_process_holds_when_it_closes_goes_back_to_the_queue(valkey: Valkey, connection: Connection) -> None:
    _send(connection, "ours", OURS)
    _send(connection, "foreign", {"task": "other"})
    channels = [_take(connection)[0] for _ in range(2)]
    assert valkey.client().llen("q") == 0
    for channel in channels:
        channel.close()
    assert (valkey.client().llen("q"), _kept(valkey)) == (2, 0)
    assert {_take(connection)[1].payload for _ in range(2)} == {"ours", "foreign"}


def test_a_message_put_back_comes_again_behind_the_others(connection: Connection) -> None:
    for body in ("first", "second"):
        _send(connection, body, OURS)
    _, message = _take(connection)
    message.requeue()
    bodies = [_take(connection)[1].payload for _ in range(2)]
    assert bodies == ["second", "first"]


def test_a_message_thrown_away_is_gone(valkey: Valkey, connection: Connection) -> None:
    _send(connection, "ours", OURS)
    _take(connection)[1].reject()
    with pytest.raises(Empty):
        connection.SimpleQueue("q").get(timeout=0.1)
    assert _kept(valkey) == 0


def test_a_channel_that_sends_much_makes_one_client(connection: Connection) -> None:
    channel: Any = connection.default_channel
    with channel.conn_or_acquire() as one, channel.conn_or_acquire() as other:
        assert one is other
    channel._disconnect_pools()
    with channel.conn_or_acquire() as new:
        assert new is not one
        assert new.ping()
