"""Tells observers like Flower what was sent, once for a batch of messages: one by one that costs as much as sending."""

from __future__ import annotations

from typing import Any, cast

import structlog
from celery import Celery

from jobs import broker

log = structlog.get_logger(__name__)

_MULTI = "task.multi"


class SentEvents:
    """Takes the events of a batch in place of Celery's dispatcher, and keeps them until they are flushed."""

    def __init__(self, app: Celery) -> None:
        """Start with none."""
        self._app = cast("Any", app)
        self._dispatcher = self._app.amqp._event_dispatcher  # noqa: SLF001 - what Celery would tell with
        self._kept: list[Any] = []

    def publish(self, kind: str, fields: dict[str, Any], *_: Any, **__: Any) -> None:
        """Keep an event."""
        self._kept.append(self._dispatcher._prepare_event(kind, fields))  # noqa: SLF001 - the same

    def flush(self) -> None:
        """Send what was kept; lost while the broker is away, as the messages have gone already."""
        kept, self._kept = self._kept, []
        if not kept:
            return
        teller = self._dispatcher
        try:
            with self._app.producer_or_acquire() as producer:
                producer.publish(
                    kept,
                    routing_key=_MULTI,
                    exchange=teller.exchange.name,
                    declare=[teller.exchange],
                    serializer=teller.serializer,
                    headers=teller.headers,
                    delivery_mode=teller.delivery_mode,
                    retry=False,
                )
        except broker.FAULTS as error:
            log.warning("events not sent", error=str(error))


class Silence:
    """Tells nothing, in place of Celery's dispatcher."""

    @staticmethod
    def publish(*_: Any, **__: Any) -> None:
        """Drop an event."""
