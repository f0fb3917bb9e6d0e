"""Who this process is to the ledger: its Worker row and the heartbeat that keeps its runs its own."""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from uuid import UUID

import structlog
from django.db import Error, connection
from django.db.models import F

from jobs import ledger, machine
from jobs.conf import conf
from jobs.dialect import patiently, sign_sessions
from jobs.footprint import Meter
from jobs.lease import Lease
from jobs.models import Worker

log = structlog.get_logger(__name__)

_worker_id: UUID | None = None
_lease = Lease()
_LEASE_LOOK_SECONDS = 0.05


def worker_id() -> UUID:
    """Return the id of this process's node; a pool's children share their parent's.

    Raises: LookupError before `Presence.announce`.
    """
    if _worker_id is None:
        raise LookupError("this process has not reported in as a worker")
    return _worker_id


def claiming_id() -> UUID:
    """Return the id to claim with, once this node holds its lease: after a freeze, the next heartbeat comes first.

    Waits no longer than for a database that is away. Raises: LookupError before `Presence.announce`.
    """
    limits = conf()
    deadline = time.monotonic() + limits.database_patience_seconds
    while not _lease.is_held(at=time.monotonic(), seconds=limits.lease_seconds) and time.monotonic() < deadline:
        time.sleep(_LEASE_LOOK_SECONDS)
    return worker_id()


def is_worker() -> bool:
    """Whether this process has reported in as a worker."""
    return _worker_id is not None


def is_stopping() -> bool:
    """Whether this process's node has been told to shut down."""
    return Worker.objects.filter(pk=worker_id(), stopping_at__isnull=False).exists()


class Presence:
    """One node's Worker row: reported in, kept alive, signed off."""

    def __init__(
        self,
        *,
        kind: str,
        name: str,
        queues: list[str],
        concurrency: int,
        on_lost: Callable[[], None],
        on_beat: Callable[..., object] = lambda at: None,
    ) -> None:
        """Describe the node; `on_lost` is called when the others have declared it lost: nothing here is its own.

        `on_beat(at=...)` is called after each heartbeat of the thread's, with its monotonic time.
        """
        self._described = {"kind": kind, "name": name, "queues": queues, "concurrency": concurrency}
        self.row = self._new_row()
        self._on_lost, self._on_beat = on_lost, on_beat
        self._meter = Meter()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def _new_row(self) -> Worker:
        return Worker(
            id=uuid.uuid4(),
            hostname=socket.gethostname(),
            pid=os.getpid(),
            process_birth=machine.Process.of(os.getpid()).birth,
            machine_name=conf().machine or machine.name(),
            code_version=conf().code_version,
            started_at=ledger.now(),
            heartbeat_at=ledger.now(),
            **self._described,
        )

    def announce(self) -> None:
        """Give this process and the children it will fork the node's id; writes nothing yet."""
        global _worker_id  # noqa: PLW0603 - one node per process
        _worker_id = self.row.pk
        _lease.forget()
        sign_sessions(self.row.session_name)

    def begin(self, *, threaded: bool = True) -> None:
        """Report in; `threaded` keeps the heartbeat in a thread of its own, however busy the process is."""
        self.announce()
        patiently(lambda: self.row.save(force_insert=True), seconds=conf().database_patience_seconds, what="report in")
        if threaded:
            self._thread = threading.Thread(target=self._beat_until_ended, name="heartbeat", daemon=True)
            self._thread.start()

    def begin_again(self) -> None:
        """Report in as a new node after having been declared lost."""
        self.row = self._new_row()
        self.begin(threaded=False)

    def note_stopping(self) -> None:
        """Say that it shuts down: its runs go on to their next checkpoint and stop there."""
        try:
            Worker.objects.filter(pk=self.row.pk).update(stopping_at=ledger.now())
        except Error as error:
            log.warning("could not say that it stops", error=str(error))

    def end(self) -> None:
        """Sign off; what it still runs is rescued at once."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
        _lease.forget()
        try:
            Worker.objects.filter(pk=self.row.pk, lost_at=None).update(stopped_at=ledger.now())
        except Error as error:
            log.warning("could not sign off; found silent instead", error=str(error))

    def beat(self, *, lag_seconds: float = 0.0) -> bool:
        """Report once; False when the node was declared lost meanwhile.

        A row that can't be seen is no verdict: a test's transaction may not have committed it.
        """
        mine = Worker.objects.filter(pk=self.row.pk)
        lag = round(max(0.0, lag_seconds), 3)
        reported = mine.filter(lost_at=None).update(
            heartbeat_at=ledger.now(), heartbeats=F("heartbeats") + 1, lag_seconds=lag, **self._measured()
        )
        return bool(reported) or not mine.exists()

    def _measured(self) -> dict[str, Any]:
        footprint = self._meter.read(at=time.monotonic())
        return asdict(footprint) if footprint else {}

    def _beat_until_ended(self) -> None:
        interval = conf().lease_seconds / 4
        due, failures = time.monotonic(), 0
        while not self._ended.wait(max(0.0, due - time.monotonic())):
            began = time.monotonic()
            try:
                if not self.beat(lag_seconds=began - due):
                    log.critical("declared lost by the others, ending at once", worker=str(self.row.pk))
                    self._on_lost()
                    return
                _lease.renew(at=began)
                failures = 0
                self._on_beat(at=began)
            except Error as error:
                log.warning("heartbeat not written", error=str(error))
                connection.close()
                failures += 1
            # At once after a first failure: it may only have been the session, cut because the node counts as lost.
            due = time.monotonic() + (0.0 if failures == 1 else interval)
        connection.close()
