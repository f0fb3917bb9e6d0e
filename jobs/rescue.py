"""Finds nodes that are gone, stopped or silent, and gives their runs back; a live node's runs are never touched."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from datetime import datetime
from typing import cast
from uuid import UUID

import structlog
from celery import current_app
from celery.exceptions import WorkerLostError
from django.db import transaction
from django.db.models import F, Q, QuerySet

from jobs import abandoned, machine
from jobs.backend import LedgerBackend
from jobs.conf import conf
from jobs.dialect import claimable, cut_sessions
from jobs.machine import Life
from jobs.models import Run, Worker
from jobs.watch import Watch

log = structlog.get_logger(__name__)

BATCH = 200


def _nothing(*, now: datetime) -> None:
    """Report nothing."""


class Rescuer:
    """One beat's rescuing role.

    A node on another machine is lost once its heartbeat has stood still for a lease. Of one on this machine the
    kernel knows more: a process that is gone is lost at once, one that was stopped for a lease is ended and lost.
    """

    def __init__(self, *, report: Callable[..., object] = _nothing) -> None:
        """Start watching; `report(now=...)` writes the rescuer's own heartbeat, and fails where no other can either."""
        lease = conf().lease_seconds
        self._silence, self._standstill = Watch[UUID](lease_seconds=lease), Watch[UUID](lease_seconds=lease)
        self._here: dict[UUID, Worker] = {}
        self._gone: set[UUID] = set()
        self._machine = conf().machine or machine.name()
        self._report = report

    def rescue(self, *, now: datetime) -> int:
        """Declare nodes lost and give back the runs of those that are gone; returns how many runs."""
        # Before the database is asked, which may be away, or locked for writing by the very process that is stopped.
        self._declare_lost(self._dead_here(), now=now)
        # While nobody can write, nobody's heartbeat can: silence counts only between two reports of this rescuer's.
        self._report(now=now)
        nodes = {node.pk: node for node in Worker.objects.filter(stopped_at=None, lost_at=None)}
        self._here = {pk: node for pk, node in nodes.items() if self._machine and node.machine_name == self._machine}
        silent = self._silence.silent({pk: node.heartbeats for pk, node in nodes.items()}, at=time.monotonic())
        self._declare_lost([nodes[pk] for pk in silent], now=now)
        orphans = _orphans()
        alone = abandoned.alone(orphans)
        return sum(_give_back_unless_locked(run, was_alone=run.pk in alone) for run in orphans)

    def _dead_here(self) -> list[Worker]:
        """Return the nodes whose process on this machine is gone for a second look, or was stopped for a lease."""
        here = self._here
        lives = {pk: node.process.life() for pk, node in here.items()}
        stopped = {pk: here[pk].process.ticks() for pk, life in lives.items() if life is Life.STOPPED}
        ended = {pk for pk in self._standstill.silent(stopped, at=time.monotonic()) if here[pk].process.kill()}
        gone = {pk for pk, life in lives.items() if life is Life.GONE}
        # Not at the first look: what the process had forked is killed by the kernel a moment after it.
        dead, self._gone = gone & self._gone, gone | ended
        return [here[pk] for pk in dead]

    def _declare_lost(self, nodes: Collection[Worker], *, now: datetime) -> None:
        for node in nodes:
            if _still_silent(node).update(lost_at=now):
                log.warning("node lost", worker=node.name, id=str(node.pk))
                if node.machine_name == self._machine and node.kind != Worker.Kind.COMMAND:
                    node.process.kill()
                cut_sessions(node.session_name)


def _still_silent(node: Worker) -> QuerySet[Worker]:
    """Match the node unless a heartbeat of it has arrived meanwhile, which wins."""
    return Worker.objects.filter(pk=node.pk, stopped_at=None, lost_at=None, heartbeats=node.heartbeats)


def _orphans() -> list[Run]:
    gone = Q(worker=None) | Q(worker__lost_at__isnull=False) | Q(worker__stopped_at__isnull=False)
    return list(Run.objects.running().filter(gone, waits_for="").select_related("worker")[:BATCH])


def _give_back_unless_locked(run: Run, *, was_alone: bool) -> int:
    """Give the run back unless its row is locked, by another rescuer or by its own node, frozen in a transaction.

    Waiting for such a lock would stop the rescue of all others; the node's sessions are cut instead, and with them
    the lock.
    """
    with transaction.atomic():
        mine = claimable(Run.objects.running().filter(pk=run.pk, token=run.token)).first()
        if mine is not None:
            _give_back(run, was_alone=was_alone)
            if run.worker is not None:
                Worker.objects.filter(pk=run.worker.pk).update(rescued_runs=F("rescued_runs") + 1)
            return 1
    if run.worker is not None and run.worker.lost_at is not None:
        cut_sessions(run.worker.session_name)
    return 0


def _give_back(run: Run, *, was_alone: bool) -> None:
    name = run.worker.name if run.worker else "unknown"
    why = f"worker {name} stopped reporting" if run.worker else "its process is gone"
    log.warning("run lost with its node", run_id=str(run.pk), job=run.job, attempt=run.attempt, worker=name)
    backend = cast("LedgerBackend", current_app.backend)
    backend.settle_lost(run, WorkerLostError(why), was_alone=was_alone)
