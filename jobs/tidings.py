"""Tells Flower and other listeners of each run of a pack what a worker tells of each task, many in one message."""

from __future__ import annotations

import json
import os
import threading
import time
from json.encoder import encode_basestring_ascii as _text
from typing import Any

from celery import states
from celery.app.trace import trace_ok_t

from jobs.publish import BROKER_FAULTS, is_broker_away, note_broker_fault

_MULTI = "task.multi"


class Tidings:
    """Task events of packs; lost, not kept, while the broker is away."""

    def __init__(self, app: Any, hostname: str) -> None:
        """Tell in the name of the worker `hostname`."""
        self._app = app
        self.hostname = hostname
        self._clock = app.clock
        self._place = f'"hostname": {_text(hostname)}, "pid": {os.getpid()}, "utcoffset": 0'
        self._wanted = bool(app.conf.worker_send_task_events)
        self._events: list[str] = []
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
        task_id, parent = _text(request["id"]), request["parent_id"]
        told = (
            f'"name": {_text(request["task"])}, "args": {_text(request["argsrepr"])}, '
            f'"kwargs": {_text(request["kwargsrepr"])}, "retries": {request["retries"]}, '
            f'"root_id": {_text(request["root_id"])}, "parent_id": {_text(parent) if parent else "null"}, "eta": null'
        )
        at = repr(time.time())
        self._add(self._event("task-received", task_id, told, at=at), self._event("task-started", task_id, at=at))

    def ended(self, task_id: str, outcome: trace_ok_t) -> None:
        """Tell how it ended."""
        if not self._wanted:
            return
        info, task, at = outcome.info, _text(task_id), repr(time.time())
        if info is None:
            told = f'"result": {_text(str(outcome.retstr))}, "runtime": {outcome.runtime!r}'
            self._add(self._event("task-succeeded", task, told, at=at))
        elif info.state == states.RETRY:
            self._add(self._event("task-retried", task, _failure(info.retval.exc), at=at))
        elif info.state == states.FAILURE:
            self._add(self._event("task-failed", task, _failure(info.retval), at=at))

    def flush(self) -> None:
        """Send what is to be told; may be called from another thread."""
        with self._lock:
            events, self._events = self._events, []
        if not events or is_broker_away():
            return
        try:
            with self._app.events.default_dispatcher(hostname=self.hostname, buffer_while_offline=False) as dispatcher:
                dispatcher.producer.publish(
                    **_body(events, serializer=dispatcher.serializer),
                    routing_key=_MULTI,
                    exchange=dispatcher.exchange.name,
                    declare=[dispatcher.exchange],
                    headers=dispatcher.headers,
                    delivery_mode=dispatcher.delivery_mode,
                    retry=False,
                )
        except BROKER_FAULTS as error:
            note_broker_fault("", error)

    def _event(self, kind: str, task: str, told: str = "", *, at: str) -> str:
        """Return the event that celery.events.Event would make, as JSON: an encoder takes twice as long for it."""
        about = f"{self._place}, {told}" if told else self._place
        return f'{{"type": "{kind}", "uuid": {task}, "timestamp": {at}, "clock": {self._clock.forward()}, {about}}}'

    def _add(self, *events: str) -> None:
        with self._lock:
            if not self._events:
                self._oldest_at = time.monotonic()
            self._events += events


def _failure(error: Any) -> str:
    return f'"exception": {_text(repr(error))}, "traceback": ""'


def _body(events: list[str], *, serializer: str) -> dict[str, Any]:
    """Return what to publish of the events, for listeners who are used to JSON or to something else."""
    text = f"[{','.join(events)}]"
    if serializer == "json":
        return {"body": text, "content_type": "application/json", "content_encoding": "utf-8"}
    return {"body": json.loads(text), "serializer": serializer}
