"""The message that is a bell: sent as Celery would, but put together once, and the short way where one went before."""

from __future__ import annotations

import uuid
from functools import lru_cache
from typing import Any, NamedTuple, cast
from weakref import WeakKeyDictionary

from celery import Celery
from kombu.serialization import dumps

from jobs import broker, publish
from jobs.sent_events import Silence
from jobs.transport import BELL, HEADER

TASK = BELL
# Of AMQP: the broker keeps it over a restart.
_PERSISTENT = 2


class Key(NamedTuple):
    """Whose runs a bell rings for."""

    queue: str
    job: str


class _Pattern(NamedTuple):
    """What all bells of a key have in common: half of Celery's work for a message."""

    task: Any
    body: str
    content_type: str
    content_encoding: str


# The queues that each channel has carried a bell to, so that they are there.
_known: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


def send(key: Key) -> None:
    """Send a bell now.

    Raises: one of publish.BROKER_FAULTS.
    """
    app: Any = publish.this_app()
    bell_id, pattern = str(uuid.uuid4()), _pattern(app, key)
    headers = {**pattern.task.headers, "id": bell_id, "root_id": bell_id, HEADER: {"run": bell_id, "bell": key.job}}
    properties = {**pattern.task.properties, "correlation_id": bell_id}
    with app.producer_pool.acquire(block=True) as producer:
        if _went_shortly(producer, key, pattern, headers, properties):
            return
        # Silence, as a bell is no run, and workers tell of those it rang for.
        app.amqp.send_task_message(
            producer,
            TASK,
            pattern.task._replace(headers=headers, properties=properties),
            queue=key.queue,
            event_dispatcher=Silence,
            **publish.SENDING,
        )
        # On Redis, the queue of a fanout is no list that could be sent to by its name.
        if app.amqp.queues[key.queue].exchange.type != "fanout":
            _known.setdefault(producer.channel, set()).add(key.queue)


def _went_shortly(
    producer: Any, key: Key, pattern: _Pattern, headers: dict[str, Any], properties: dict[str, Any]
) -> bool:
    """Hand the bell to a channel that has carried one to the queue; False where none has, or it is broken now."""
    if not producer.connection.connected:
        # To connect is for the long way, which tries as often as we say.
        return False
    try:
        channel = producer.channel
        if key.queue not in _known.get(channel, ()):
            return False
        properties = {**properties, "delivery_mode": _PERSISTENT}
        message = channel.prepare_message(
            pattern.body, 0, pattern.content_type, pattern.content_encoding, headers, properties
        )
        waiting = {"timeout": publish.PUBLISH_SECONDS, "confirm_timeout": publish.PUBLISH_SECONDS}
        channel.basic_publish(message, exchange="", routing_key=key.queue, **waiting)
    except publish.BROKER_FAULTS as error:
        _known.clear()
        if isinstance(error, broker.TIMEOUTS):
            # An answer that comes late would be taken for that to the next message.
            producer.connection.collect()
            raise
        return False
    return True


@lru_cache(maxsize=1000)
def _pattern(app: Celery, key: Key) -> _Pattern:
    task = cast("Any", app.amqp).as_task_v2("", TASK, kwargs=key._asdict(), ignore_result=True)
    content_type, content_encoding, body = dumps(task.body, app.conf.task_serializer)
    return _Pattern(task, body, content_type, content_encoding)
