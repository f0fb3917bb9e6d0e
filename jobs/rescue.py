"""Finds nodes that stopped reporting and gives their runs back; a live node's runs are never touched."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import cast
from uuid import UUID

import structlog
from celery import current_app
from celery.exceptions import WorkerLostError
from django.db import transaction
from django.db.models import Q

from jobs.backend import LedgerBackend
from jobs.conf import conf
from jobs.dialect import claimable
from jobs.models import Run, Worker

log = structlog.get_logger(__name__)

BATCH = 200


class Watch:
    """What one rescuer has seen of each node's heartbeat counter, by its own monotonic clock.

    A node is silent when its counter stood still for a lease of watched time. Two looks far apart count as a quarter
    of a lease, no more: so neither a clock that is off, nor a database that was away, nor a rescuer that was itself
    frozen or slow makes a live node look lost, and a slow one still finds the dead.
    """

    def __init__(self, *, lease_seconds: float) -> None:
        """Start with nothing seen."""
        self._lease = lease_seconds
        self._silences: dict[UUID, tuple[int, float]] = {}
        self._looked_at: float | None = None

    def silent(self, counters: dict[UUID, int], *, at: float) -> list[UUID]:
        """Note the counters read at monotonic time `at`; return the nodes that have been silent for a lease."""
        watched = 0.0 if self._looked_at is None else min(at - self._looked_at, self._lease / 4)
        self._looked_at = at
        before = self._silences
        self._silences = {
            node: (count, before[node][1] + watched if node in before and before[node][0] == count else 0.0)
            for node, count in counters.items()
        }
        return [node for node, (_, silence) in self._silences.items() if silence >= self._lease]


class Rescuer:
    """One beat's rescuing role."""

    def __init__(self) -> None:
        """Start watching."""
        self._watch = Watch(lease_seconds=conf().lease_seconds)

    def rescue(self, *, now: datetime) -> int:
        """Declare silent nodes lost and give back the runs of nodes that are gone; returns how many runs."""
        live = Worker.objects.filter(stopped_at=None, lost_at=None)
        counters = dict(live.values_list("pk", "heartbeats"))
        for node in self._watch.silent(counters, at=time.monotonic()):
            # Conditional on the counter: a heartbeat that arrives just now wins.
            if live.filter(pk=node, heartbeats=counters[node]).update(lost_at=now):
                log.warning("node lost", worker=str(node))
        return sum(_unless_locked(run, self._give_back) for run in self._orphans())

    def _orphans(self) -> list[Run]:
        gone = Q(worker=None) | Q(worker__lost_at__isnull=False) | Q(worker__stopped_at__isnull=False)
        return list(Run.objects.running().filter(gone, waits_for="").select_related("worker")[:BATCH])

    def _give_back(self, run: Run) -> None:
        name = run.worker.name if run.worker else "unknown"
        log.warning("run lost with its node", run_id=str(run.pk), job=run.job, attempt=run.attempt, worker=name)
        backend = cast("LedgerBackend", current_app.backend)
        backend.settle_lost(run, WorkerLostError(f"worker {name} stopped reporting"))


def _unless_locked(run: Run, give_back: Callable[[Run], None]) -> int:
    """Give the run back unless its row is locked, by another rescuer or by its own node, frozen in a transaction.

    Waiting for such a lock would stop all of this beat's duties for as long as the node stays frozen.
    """
    with transaction.atomic():
        mine = claimable(Run.objects.running().filter(pk=run.pk, token=run.token)).first()
        if mine is not None:
            give_back(run)
    return int(mine is not None)
