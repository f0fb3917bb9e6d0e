"""The Redis transport, made to survive what it can't read, and to keep no copies of messages that rows stand for."""

from __future__ import annotations

import base64
import uuid
from queue import Empty
from typing import Any, cast

from kombu.transport import TRANSPORT_ALIASES, redis, virtual
from kombu.utils.encoding import bytes_to_str
from kombu.utils.json import loads

# In the header of a message that only rings for a row.
HEADER = "daybook"
# The task whose message rings for packed runs.
BELL = "celery.daybook_bell"
UNREADABLE = "application/x-unreadable"


class QoS(redis.QoS):
    """kombu's acknowledgements, but the broker keeps no copy of a message whose run has a row: the row sends another.

    That spares two round trips a message. What this process still holds when it closes goes back to its queue.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        """Begin with nothing delivered."""
        super().__init__(*args, **options)
        self._rung: dict[str, Any] = {}

    def append(self, message: Any, delivery_tag: str) -> None:
        """Note a delivery."""
        if isinstance(message.headers, dict) and HEADER in message.headers:
            self._rung[delivery_tag] = message
            virtual.QoS.append(self, message, delivery_tag)
        else:
            super().append(message, delivery_tag)

    def ack(self, delivery_tag: str) -> None:
        """Forget the delivery."""
        if self._rung.pop(delivery_tag, None) is None:
            super().ack(delivery_tag)
        else:
            virtual.QoS.ack(self, delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Forget the delivery, or put it back behind the others, as kombu does."""
        if requeue or delivery_tag not in self._rung:
            super().reject(delivery_tag, requeue=requeue)
        else:
            self.ack(delivery_tag)

    def restore_by_tag(self, tag: str, client: Any = None, leftmost: bool = False) -> None:
        """Put a message back into its queue."""
        message = self._rung.pop(tag, None)
        if message is None:
            super().restore_by_tag(tag, client=client, leftmost=leftmost)
            return
        place, channel = message.delivery_info, cast("Any", self.channel)
        raw, exchange, key = message._raw, place["exchange"], place["routing_key"]  # noqa: SLF001 - as kombu's own
        with self.pipe_or_acquire(client=client) as pipe:
            channel._do_restore_message(raw, exchange, key, pipe, leftmost)  # noqa: SLF001 - the same
            pipe.execute()


class _Tolerant:
    """Overrides how a popped item becomes a message, and how it is acknowledged; the rest is kombu's."""

    QoS: Any = QoS
    _kept: tuple[Any, Any] | None = None

    def _create_client(self: Any, asynchronous: bool = False) -> Any:
        """Return a client; kombu makes a new one for each message, which costs more than sending it."""
        if asynchronous:
            return super()._create_client(asynchronous=True)  # type: ignore[misc]
        pool = self.pool
        if self._kept is None or self._kept[0] is not pool:
            self._kept = pool, super()._create_client()  # type: ignore[misc]
        return self._kept[1]

    def _brpop_read(self: Any, **options: Any) -> bool:
        try:
            try:
                reply = self.client.parse_response(self.client.connection, "BRPOP", **options)
            except self.connection_errors:
                self.client.connection.disconnect()
                raise
            if not reply:
                raise Empty
            queue = bytes_to_str(reply[0]).rsplit(self.sep, 1)[0]
            self._queue_cycle.rotate(queue)
            self._deliver_item(reply[1], queue)
            return True
        finally:
            self._in_poll = None
            self._flush_brpop_reauth()

    def _deliver_item(self: Any, item: bytes | str, queue: str) -> None:
        try:
            message = loads(bytes_to_str(item))
            self.Message(message, channel=self)
        except Exception:
            message = unreadable(item, queue)
        self.connection._deliver(message, queue)  # noqa: SLF001 - kombu's own hook


class Channel(_Tolerant, redis.Channel):
    """kombu's Redis channel, tolerant."""


class Transport(redis.Transport):
    """kombu's Redis transport with the tolerant channel."""

    Channel = Channel


class SentinelChannel(_Tolerant, redis.SentinelChannel):
    """kombu's Sentinel channel, tolerant."""


class SentinelTransport(redis.SentinelTransport):
    """kombu's Sentinel transport with the tolerant channel."""

    Channel = SentinelChannel


def unreadable(item: bytes | str, queue: str) -> dict[str, Any]:
    """Return a well-formed message that carries the unreadable bytes."""
    raw = item if isinstance(item, bytes) else item.encode(errors="surrogateescape")
    return {
        "body": base64.b64encode(raw).decode(),
        "content-type": UNREADABLE,
        "content-encoding": "binary",
        "headers": {},
        "properties": {
            "body_encoding": "base64",
            "delivery_tag": str(uuid.uuid4()),
            "delivery_info": {"exchange": "", "routing_key": queue},
        },
    }


def install() -> None:
    """Make redis://, rediss:// and sentinel:// URLs use these transports."""
    TRANSPORT_ALIASES.update(
        {
            "redis": "jobs.transport:Transport",
            "rediss": "jobs.transport:Transport",
            "sentinel": "jobs.transport:SentinelTransport",
        }
    )
