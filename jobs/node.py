"""A Celery worker as one of Daybook's nodes: reports in before it consumes, and dies with its children when lost."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import threading
from typing import Any

import structlog
from celery import bootsteps, platforms, signals
from celery.worker import state as worker_state
from celery.worker.control import control_command
from django.apps import apps

from jobs import dead_packs, observing, run_log
from jobs import inspecting as inspecting  # noqa: PLC0414 - answers remote control from now on
from jobs.frozen import FrozenChildren
from jobs.models import Worker
from jobs.presence import Presence
from jobs.unheard_deaths import UnheardDeaths

log = structlog.get_logger(__name__)

_PR_SET_PDEATHSIG = 1
_EXIT_LOST = 70


class Node(bootsteps.StartStopStep):
    """The bootstep that ties a worker's Presence to its life."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **options: Any) -> None:
        """Take the node's id before the pool forks its children."""
        super().__init__(worker, **options)
        self._worker = worker
        self.presence = Presence(
            kind=Worker.Kind.WORKER,
            name=worker.hostname,
            queues=sorted(worker.app.amqp.queues.consume_from),
            concurrency=worker.concurrency or 1,
            on_lost=self.die,
            on_beat=UnheardDeaths(self._children).look,
        )
        self.presence.announce()
        self._frozen = FrozenChildren(self._children)
        _share_with_children()

    def start(self, parent: Any) -> None:
        """Report in; the consumer starts after this."""
        self.presence.begin()
        self._frozen.start()
        # Bootsteps stop in reverse order, before the pool has finished its runs; this signal comes after it.
        signals.worker_shutdown.connect(self._sign_off, weak=False)
        signals.worker_shutting_down.connect(self._stop, weak=False)

    def stop(self, parent: Any) -> None:
        """Leave signing off to the end of the shutdown."""

    def die(self) -> None:
        """End this process and its children at once: their runs belong to others now."""
        for pid in self._children():
            os.kill(pid, signal.SIGKILL)
        os._exit(_EXIT_LOST)

    def _children(self) -> list[int]:
        processes = getattr(getattr(self._worker.pool, "_pool", None), "_pool", None) or []
        return [process.pid for process in processes if getattr(process, "pid", None)]

    def _stop(self, **_: Any) -> None:
        # A signal handler may interrupt a query of this thread: the write goes through a connection of its own.
        threading.Thread(target=self.presence.note_stopping, daemon=True).start()

    def _sign_off(self, **_: Any) -> None:
        run_log.flush()
        observing.flush()
        self.presence.end()


def _share_with_children() -> None:
    """Make before the fork what each child would make for itself, and leave it alone from then on: shared memory."""
    # die_with_parent asks the kernel; Celery would ask it through cffi, for which each child loads a parser of C.
    platforms.set_pdeathsig = lambda _name: None  # type: ignore[attr-defined]
    for model in apps.get_models():
        model._meta.get_fields()  # noqa: SLF001 - Django's documented way to a model's fields
    gc.collect()
    gc.freeze()


@control_command(args=[("task_id", str)], signature="TASK_ID")
def stop_run(state: Any, task_id: str) -> dict[str, str]:
    """Kill the child that executes the task, in a pack or alone, if it is ours; unlike revoke, remembers nothing."""
    active = list(worker_state.active_requests)
    found = [request for request in active if request.id == task_id] or dead_packs.bells_of(task_id, active)
    for request in found:
        request.terminate(state.consumer.pool, signal="KILL")
    return {"ok": f"{task_id} stopped" if found else "not here"}


@signals.worker_process_init.connect
def die_with_parent(**_: Any) -> None:
    """Make the kernel kill a pool's child when its parent dies, so that a rescued run has no second body (Linux)."""
    parent = os.getppid()
    try:
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    except (OSError, AttributeError):
        log.warning("no parent-death signal on this system: a killed worker's child may finish its run")
        return
    if os.getppid() != parent:
        os._exit(_EXIT_LOST)


@signals.worker_process_shutdown.connect
def write_logs(**_: Any) -> None:
    """Write what a pool's child has logged, and tell observers, before it ends."""
    run_log.flush()
    observing.flush()
