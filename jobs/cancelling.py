"""Cancels a run: a waiting one at once, a running one by asking it, and by force when it doesn't listen."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

import structlog
from celery import current_app
from django.db import transaction

from jobs import ledger
from jobs.backend import LedgerBackend
from jobs.conf import conf
from jobs.identifiers import run_id_of
from jobs.models import Run
from jobs.models.run import WaitsFor
from jobs.publish import BROKER_FAULTS

log = structlog.get_logger(__name__)

BATCH = 100


def cancel(run_id: UUID, *, by: str) -> bool:
    """Cancel the run and what it spawned; True when it was waiting, or runs and has been asked to stop."""
    now = ledger.now()
    reason = f"cancelled by {by}"
    return _cancel_waiting(run_id, now=now, reason=reason) or ledger.request_cancel(run_id, now=now)


def revoke(task_id: str, *, terminate: bool) -> bool:
    """Cancel a waiting run; kill a running one's process where `terminate`, else leave it, as Celery does.

    False when no run has that Celery task id.
    """
    run = Run.objects.filter(pk=run_id_of(task_id)).first()
    if run is None:
        return False
    now = ledger.now()
    waited = _cancel_waiting(run.pk, now=now, reason="revoked")
    if not waited and terminate and ledger.request_cancel(run.pk, now=now):
        _kill(run)
    return True


def force_overdue(*, now: datetime) -> int:
    """Kill the processes of runs that were asked to stop and have not within the grace; returns how many were told."""
    asked = Run.objects.running().exclude(waits_for=WaitsFor.CHILDREN)
    overdue = asked.filter(cancel_requested_at__lt=now - timedelta(seconds=conf().cancel_grace_seconds))
    told = 0
    for run in overdue[:BATCH]:
        try:
            _kill(run)
        except BROKER_FAULTS as error:
            log.warning("could not reach the workers", error=str(error))
            break
        log.warning("run didn't stop when asked, killing its process", run_id=str(run.pk), job=run.job)
        told += 1
    return told


def _cancel_waiting(run_id: UUID, *, now: datetime, reason: str) -> bool:
    with transaction.atomic():
        if not ledger.cancel(run_id, now=now, reason=reason):
            return False
        cast("LedgerBackend", current_app.backend).part_ended(Run.objects.get(pk=run_id), reason=reason)
        return True


def _kill(run: Run) -> None:
    current_app.control.broadcast("stop_run", arguments={"task_id": run.task_id})
