"""What is asked of the broker beside sending: whether it answers, and how much a queue holds; each within seconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import amqp.exceptions
import redis.exceptions
import structlog
from amqp.exceptions import MessageNacked
from celery import current_app
from kombu.exceptions import KombuError, OperationalError

log = structlog.get_logger(__name__)

# Kombu translates its transports' errors only where it retries; an event is sent once.
_RAW = (amqp.exceptions.ConnectionError, redis.exceptions.ConnectionError, redis.exceptions.TimeoutError)
# What a broker that answers refuses: RabbitMQ a queue that is there as another type, Redis a write while its memory
# or disk is full, or while it is a replica.
_REFUSED = (amqp.exceptions.ChannelError, redis.exceptions.ResponseError)
FAULTS = (OperationalError, KombuError, OSError, TimeoutError, MessageNacked, *_REFUSED, *_RAW)
TIMEOUTS = (TimeoutError, redis.exceptions.TimeoutError)
ANSWER_SECONDS = 2.0


def depth(queue: str) -> int | None:
    """Return how many messages the broker holds ready in the queue; None when it doesn't answer."""
    try:
        with _connected() as connection:
            try:
                return int(connection.default_channel.queue_declare(queue=queue, passive=True).message_count)
            except connection.channel_errors:
                return 0
    except FAULTS as error:
        log.warning("broker does not answer", queue=queue, error=str(error))
        return None


def is_one_queues_fault() -> bool:
    """Whether what just failed for one queue may work for another: RabbitMQ answers while a queue has no leader."""
    if current_app.connection_for_write().transport.driver_type != "amqp":
        return False
    try:
        with _connected():
            return True
    except FAULTS:
        return False


@contextmanager
def _connected() -> Iterator[Any]:
    with current_app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, timeout=cast("Any", ANSWER_SECONDS))
        yield connection
