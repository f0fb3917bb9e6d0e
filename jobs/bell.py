"""Rings for packed runs: one message tells a worker to look for all of them; at most one is on its way unheard.

A bell's row says whether one is on its way. The hearer clears it before it looks a last time, so what was committed
before a ringing that found it set is always seen by that look.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable
from functools import partial

import structlog
from django.db import Error, connection, transaction

from jobs import bell_message, ledger, publish
from jobs.bell_message import Key
from jobs.models import Run
from jobs.per_process import PerProcess
from jobs.states import State

log = structlog.get_logger(__name__)

PAUSE_SECONDS = 0.01
# Between two looks at a bell that nobody hears: whoever does hear it sees all that was committed meanwhile.
LONGEST_PAUSE_SECONDS = 0.08


def enqueue_new(run: Run) -> None:
    """Insert a run whose id is fresh and that no guard can refuse, and announce it; a bell that is due in one go."""
    key = Key(run.queue, run.job)
    if ledger.enqueue_new(run, sets_bell=_has_bell(run) and _ringer().is_due(key)):
        _ringer().send(key)
    else:
        announce(run)


def announce(*runs: Run) -> None:
    """After the caller's commit, send the messages of the runs due now, and ring for those that have none."""
    packed = [run for run in runs if run.is_packed]
    if len(packed) < len(runs):
        publish.publish_after_commit(*(run for run in runs if not run.is_packed))
    for key in sorted({Key(run.queue, run.job) for run in packed if _has_bell(run)}):
        transaction.on_commit(partial(_want, key))


def _has_bell(run: Run) -> bool:
    return run.is_packed and run.state == State.QUEUED and not publish.is_left_to_dispatcher()


def _want(key: Key) -> None:
    _ringer().want(key)


def ring(key: Key) -> bool:
    """Ring unless a bell is on its way already; whether one was rung. A broker that is away is no error."""
    return not publish.is_broker_away(key.queue) and ledger.set_bell(*key, now=ledger.now()) and _sent(key)


def _sent(key: Key) -> bool:
    """Send the bell whose row is set; False, and the row cleared, when the broker is away."""
    try:
        bell_message.send(key)
    except publish.BROKER_FAULTS as error:
        publish.note_broker_fault(key.queue, error)
        ledger.clear_bell(*key)
        return False
    return True


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

    def is_due(self, key: Key) -> bool:
        """Whether a wish would ring now."""
        return time.monotonic() >= self._due_at(key) and not publish.is_broker_away(key.queue)

    def send(self, key: Key) -> None:
        """Send the bell that was set together with a run."""
        with self._changed:
            self._rung[key] = time.monotonic()
        self._ring(key, _sent)

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

    def _ring(self, key: Key, how: Callable[[Key], bool] = ring) -> None:
        try:
            has_rung = how(key)
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
        try:
            while self._has_waited():
                self.ring_wanted(until=time.monotonic())
        finally:
            with self._changed:
                if self._thread is threading.current_thread():
                    self._thread = None
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
