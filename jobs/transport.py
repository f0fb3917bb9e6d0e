"""The Redis transport, made to survive what it can't read: broken bytes in a list reach the quarantine, not a crash."""

from __future__ import annotations

import base64
import uuid
from queue import Empty
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis
from kombu.utils.encoding import bytes_to_str
from kombu.utils.json import loads

UNREADABLE = "application/x-unreadable"


class _Tolerant:
    """Overrides how a popped item becomes a message; the rest is kombu's."""

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
