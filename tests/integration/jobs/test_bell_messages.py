"""The message that is a bell: every one is alike, whichever way it goes."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, cast

import pytest
import redis.exceptions
from kombu import Connection, Exchange, Message, Queue

from jobs import bell_message
from jobs.bell_message import Key
from project.celery import app


@pytest.fixture
def keys(broker: str) -> Iterator[tuple[Key, Key]]:
    """Keys of two queues that no worker serves, not even one of a test before."""
    names = (f"bells-{uuid.uuid4()}", f"bells-{uuid.uuid4()}")
    for name in names:
        app.amqp.queues.add(Queue(name))
    yield Key(names[0], "packed"), Key(names[1], "packed")
    with Connection(broker) as connection:
        channel: Any = connection.default_channel
        for name in names:
            channel.queue_delete(name)
            del app.amqp.queues[name]


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Let no channel have carried a bell yet."""
    bell_message._known.clear()
    yield
    bell_message._known.clear()


@pytest.fixture
def long_ways(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that were sent as Celery sends them."""
    sent: list[str] = []
    send: Any = app.amqp.send_task_message

    def note(producer: Any, name: str, *args: Any, **options: Any) -> Any:
        sent.append(name)
        return send(producer, name, *args, **options)

    monkeypatch.setattr(app.amqp, "send_task_message", note)
    return sent


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """What the channel raises from now on in place of carrying a message, one each."""
    raised: list[Exception] = []
    with app.producer_pool.acquire(block=True) as producer:
        channel: Any = producer.channel
    carry = channel.basic_publish

    def fail(*args: Any, **options: Any) -> Any:
        if raised:
            raise raised.pop()
        return carry(*args, **options)

    monkeypatch.setattr(channel, "basic_publish", fail)
    return raised


def _arrived(broker: str, key: Key) -> list[Message]:
    with Connection(broker) as connection, connection.SimpleQueue(cast("Any", app.amqp.queues[key.queue])) as queue:
        found: list[Message] = []
        with suppress(queue.Empty):
            while True:
                found.append(queue.get(timeout=0.5))
                found[-1].ack()
    return found


def _common(message: Message) -> dict[str, Any]:
    """Return what bells have in common."""
    own = ("id", "root_id", "daybook")
    told = ("content_type", "content_encoding", "delivery_mode", "priority")
    properties = {**vars(message), **(message.properties or {})}
    return {
        "body": message.body,
        **{name: value for name, value in message.headers.items() if name not in own},
        **{name: properties.get(name) for name in told},
    }


def test_a_bell_that_goes_the_short_way_is_like_the_first(
    broker: str, keys: tuple[Key, Key], long_ways: list[str]
) -> None:
    for _ in range(3):
        bell_message.send(keys[0])
    bells = _arrived(broker, keys[0])
    assert long_ways == [bell_message.TASK]
    assert _common(bells[0]) == _common(bells[1]) == _common(bells[2])
    ids = {(bell.headers["id"], bell.headers["root_id"], bell.properties["correlation_id"]) for bell in bells}
    assert len(ids) == 3 and all(len(set(each)) == 1 for each in ids)
    ours: list[Any] = [bell.headers["daybook"] for bell in bells]
    assert ours == [{"run": bell.headers["id"], "bell": "packed"} for bell in bells]


def test_a_bell_to_a_fanout_always_goes_as_celery_sends_it(keys: tuple[Key, Key], long_ways: list[str]) -> None:
    key = keys[0]
    app.amqp.queues.add(Queue(key.queue, Exchange(key.queue, type="fanout", auto_delete=True)))
    for _ in range(2):
        bell_message.send(key)
    assert long_ways == [bell_message.TASK] * 2


def test_a_queue_that_the_channel_does_not_know_gets_its_bell_the_long_way(
    broker: str, keys: tuple[Key, Key], long_ways: list[str]
) -> None:
    one, other = keys
    for key in (one, other, other._replace(job="second"), one):
        bell_message.send(key)
    assert len(long_ways) == 2
    assert [len(_arrived(broker, key)) for key in keys] == [2, 2]


@pytest.mark.parametrize(
    "fault",
    [
        ConnectionResetError("gone"),
        redis.exceptions.OutOfMemoryError("refused"),
        redis.exceptions.ReadOnlyError("refused"),
        redis.exceptions.NoPermissionError("refused"),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_a_bell_that_a_channel_drops_or_refuses_goes_the_long_way(
    broker: str, keys: tuple[Key, Key], long_ways: list[str], faults: list[Exception], fault: Exception
) -> None:
    key = keys[0]
    bell_message.send(key)
    faults.append(fault)
    bell_message.send(key)
    bell_message.send(key)
    assert (len(long_ways), len(_arrived(broker, key))) == (2, 3)


def test_connecting_is_left_to_the_long_way() -> None:
    unconnected: Any = SimpleNamespace(connection=SimpleNamespace(connected=False))
    assert bell_message._went_shortly(unconnected, Key("base", "packed"), cast("Any", None), {}, {}) is False


def test_a_broker_that_is_slow_is_not_asked_twice(
    broker: str, keys: tuple[Key, Key], long_ways: list[str], faults: list[Exception]
) -> None:
    key = keys[0]
    bell_message.send(key)
    faults.append(TimeoutError("no answer"))
    with pytest.raises(TimeoutError):
        bell_message.send(key)
    assert len(long_ways) == 1
    bell_message.send(key)
    assert (len(long_ways), len(_arrived(broker, key))) == (2, 2)
