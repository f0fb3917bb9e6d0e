"""Rings for packed runs: one message tells a worker to look for all of them; at most one is on its way unheard.

A bell's row says whether one is on its way. The hearer clears it before it looks, so what was committed before a
ringing that found it set is always seen by that look.
"""

from __future__ import annotations

import atexit
import threading
import time
import uuid
from datetime import timedelta
from functools import lru_cache, partial
from typing import Any, NamedTuple, cast

import structlog
from celery import Celery, current_app
from django.db import Error, connection, transaction

from jobs import ledger, prepared, publish
from jobs.models import Bell, Run
from jobs.per_process import PerProcess
from jobs.sent_events import Silence
from jobs.states import State
from jobs.transport import BELL, HEADER

log = structlog.get_logger(__name__)

TASK = BELL
LOST_AFTER = timedelta(seconds=5)
PAUSE_SECONDS = 0.01
# Between two looks at a bell that nobody hears: whoever does hear it sees all that was committed meanwhile.
LONGEST_PAUSE_SECONDS = 0.08
_RING = "UPDATE jobs_bell SET rung_at = %s WHERE queue = %s AND job = %s AND (rung_at IS NULL OR rung_at < %s)"
# The bell's row is a hint that no crash needs to spare: its commit waits for no disk. In force for that statement only.
_UNSYNCED = " AND set_config('synchronous_commit', 'off', true) = 'off'"
_LOOK = "SELECT 1 FROM jobs_bell WHERE queue = %s AND job = %s"
_HEARD = "UPDATE jobs_bell SET rung_at = NULL WHERE queue = %s AND job = %s AND rung_at IS NOT NULL"


class Key(NamedTuple):
    """Whose runs a bell rings for."""

    queue: str
    job: str


def announce(*runs: Run) -> None:
    """After the caller's commit, send the messages of the runs due now, and ring for those that have none."""
    packed = [run for run in runs if run.is_packed]
    if len(packed) < len(runs):
        publish.publish_after_commit(*(run for run in runs if not run.is_packed))
    if publish.is_left_to_dispatcher():
        return
    keys = {Key(run.queue, run.job) for run in packed if run.state == State.QUEUED}
    for key in sorted(keys):
        transaction.on_commit(partial(_want, key))


def _want(key: Key) -> None:
    _ringer().want(key)


def ring(key: Key) -> bool:
    """Ring unless a bell is on its way already; whether one was rung. A broker that is away is no error."""
    if publish.is_broker_away(key.queue) or not _set(key):
        return False
    try:
        _send(key)
    except publish.BROKER_FAULTS as error:
        publish.note_broker_fault(key.queue, error)
        heard(key)
        return False
    return True


def heard(key: Key) -> None:
    """Note that no bell is on its way any more; to be committed before looking for runs."""
    with prepared.cursor() as cursor:
        cursor.execute(_unsynced(_HEARD), key)


def _set(key: Key) -> bool:
    """Note that a bell is on its way; False when one is. One that nobody has heard for long counts as lost."""
    now, adapt = ledger.now(), connection.ops.adapt_datetimefield_value
    with prepared.cursor() as cursor:
        cursor.execute(_unsynced(_RING), [adapt(now), *key, adapt(now - LOST_AFTER)])
        if cursor.rowcount:
            return True
        cursor.execute(_LOOK, key)
        return cursor.fetchone() is None and _made(key)


def _unsynced(statement: str) -> str:
    is_alone = connection.vendor == "postgresql" and not connection.in_atomic_block
    return statement + _UNSYNCED if is_alone else statement


def _made(key: Key) -> bool:
    bell = Bell(queue=key.queue, job=key.job, rung_at=ledger.now())
    Bell.objects.bulk_create([bell], ignore_conflicts=True)
    return True


def _send(key: Key) -> None:
    """Send as Celery.send_task does; what it puts together anew each time, half of its work, is kept from the first."""
    app: Any = current_app._get_current_object()  # type: ignore[attr-defined] # noqa: SLF001 - Celery has no public way
    bell_id, pattern = str(uuid.uuid4()), _pattern(app, key)
    ours = {"id": bell_id, "root_id": bell_id, HEADER: {"run": bell_id, "bell": key.job}}
    message = pattern._replace(
        headers={**pattern.headers, **ours}, properties={**pattern.properties, "correlation_id": bell_id}
    )
    with app.producer_pool.acquire(block=True) as producer:
        # Silence, as a bell is no run, and workers tell of those it rang for.
        app.amqp.send_task_message(
            producer, TASK, message, queue=key.queue, event_dispatcher=Silence, **publish.SENDING
        )


@lru_cache(maxsize=1000)
def _pattern(app: Celery, key: Key) -> Any:
    return cast("Any", app.amqp).as_task_v2("", TASK, kwargs=key._asdict(), ignore_result=True)


class _Ringer:
    """One process's hand on the bells: the first wish rings at once, those that follow closely share one ringing."""

    def __init__(self) -> None:
        self._rung: dict[Key, float] = {}
        self._pauses: dict[Key, float] = {}
        self._wanted: set[Key] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def want(self, key: Key) -> None:
        """Ring now, or a moment later where this process rang just now: a row may have missed that one's look."""
        with self._changed:
            if key in self._wanted:
                return
            if time.monotonic() < self._due_at(key):
                self._wanted.add(key)
                self._start()
                return
            self._rung[key] = time.monotonic()
        self._ring(key)

    def ring_wanted(self, *, until: float = float("inf")) -> None:
        """Ring whatever is wanted still and due until then."""
        with self._changed:
            due = sorted(key for key in self._wanted if self._due_at(key) <= until)
            self._wanted.difference_update(due)
            self._rung.update(dict.fromkeys(due, time.monotonic()))
        for key in due:
            self._ring(key)

    def _due_at(self, key: Key) -> float:
        return self._rung.get(key, float("-inf")) + self._pauses.get(key, PAUSE_SECONDS)

    def _ring(self, key: Key) -> None:
        try:
            has_rung = ring(key)
        except Error as error:
            has_rung = False
            log.warning("bell not rung, the dispatcher will", queue=key.queue, job=key.job, error=str(error))
        longer = min(2 * self._pauses.get(key, PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)
        self._pauses[key] = PAUSE_SECONDS if has_rung else longer

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._ring_later, name="bells", daemon=True)
            self._thread.start()
        self._changed.notify()

    def _ring_later(self) -> None:
        while self._has_waited():
            self.ring_wanted(until=time.monotonic())
        connection.close()

    def _has_waited(self) -> bool:
        """Wait until a wish is due; False when none has come for long, and the thread ends."""
        with self._changed:
            while self._changed.wait_for(lambda: self._wanted, timeout=1.0):
                left = min(map(self._due_at, self._wanted)) - time.monotonic()
                if left <= 0:
                    return True
                self._changed.wait(left)
            self._thread = None
            return False


_ringer = PerProcess(_Ringer)


@atexit.register
def _ring_the_last() -> None:
    ringer = _ringer.made()
    if ringer is not None:
        ringer.ring_wanted()
