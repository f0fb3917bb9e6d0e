"""Tells Flower and other listeners of each run of a pack what a worker tells of each task, many in one message."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

from celery import states
from celery.app.trace import trace_ok_t

from jobs.publish import BROKER_FAULTS, is_broker_away, note_broker_fault

_MULTI = "task.multi"
# What an event says of the request, and what the request calls it.
_TOLD = {
    "name": "task",
    "args": "argsrepr",
    "kwargs": "kwargsrepr",
    "retries": "retries",
    "root_id": "root_id",
    "parent_id": "parent_id",
}


class Tidings:
    """Task events of packs; lost, not kept, while the broker is away."""

    def __init__(self, app: Any, hostname: str) -> None:
        """Tell in the name of the worker `hostname`."""
        self._app = app
        self.hostname = hostname
        self._clock = app.clock
        self._place = {"hostname": hostname, "pid": os.getpid(), "utcoffset": 0}
        self._wanted = bool(app.conf.worker_send_task_events)
        self._events: list[Any] = []
        self._oldest_at = 0.0
        self._lock = threading.Lock()

    def age(self) -> float:
        """Return how many seconds the oldest event has waited to be sent."""
        with self._lock:
            return time.monotonic() - self._oldest_at if self._events else 0.0

    def received(self, request: dict[str, Any]) -> None:
        """Tell that a worker has it, and that it starts."""
        if not self._wanted:
            return
        told = {ours: request[celerys] for ours, celerys in _TOLD.items()}
        self._add(
            self._event("task-received", request["id"], eta=None, **told), self._event("task-started", request["id"])
        )

    def ended(self, task_id: str, outcome: trace_ok_t) -> None:
        """Tell how it ended."""
        if not self._wanted:
            return
        info = outcome.info
        if info is None:
            self._add(self._event("task-succeeded", task_id, result=outcome.retstr, runtime=outcome.runtime))
        elif info.state == states.RETRY:
            self._add(self._event("task-retried", task_id, exception=repr(info.retval.exc), traceback=""))
        elif info.state == states.FAILURE:
            self._add(self._event("task-failed", task_id, exception=repr(info.retval), traceback=""))

    def flush(self) -> None:
        """Send what is to be told; may be called from another thread."""
        with self._lock:
            events, self._events = self._events, []
        if not events or is_broker_away():
            return
        try:
            with self._app.events.default_dispatcher(hostname=self.hostname, buffer_while_offline=False) as dispatcher:
                dispatcher.producer.publish(
                    events,
                    routing_key=_MULTI,
                    exchange=dispatcher.exchange.name,
                    declare=[dispatcher.exchange],
                    serializer=dispatcher.serializer,
                    headers=dispatcher.headers,
                    delivery_mode=dispatcher.delivery_mode,
                    retry=False,
                )
        except BROKER_FAULTS as error:
            note_broker_fault("", error)

    def _event(self, kind: str, task_id: str, **fields: Any) -> dict[str, Any]:
        """Return the event as celery.events.Event would make it."""
        told = {"type": kind, "uuid": task_id, "timestamp": time.time(), "clock": self._clock.forward()}
        return {**told, **self._place, **fields}

    def _add(self, *events: dict[str, Any]) -> None:
        with self._lock:
            if not self._events:
                self._oldest_at = time.monotonic()
            self._events += events
