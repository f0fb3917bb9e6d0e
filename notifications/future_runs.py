"""Runs of the future that are known by a key: listed, moved and cancelled. The engine's rows are the only memory."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from jobs import Job, operations
from jobs.errors import RefusedError
from jobs.models import Run

Planned = tuple[datetime, Mapping[str, Any]]


def waiting_runs(prefix: str) -> dict[str, Run]:
    """Return the runs that wait under a key beginning with `prefix`, by key."""
    return {str(run.unique_key): run for run in Run.objects.waiting().filter(unique_key__startswith=prefix)}


def keep_runs(
    job: Job, wanted: Mapping[str, Planned], *, prefix: str, grace: timedelta, now: datetime
) -> dict[str, int]:
    """Make the waiting runs under `prefix` be the `wanted` ones, key -> (time, arguments); returns what was done.

    A run at another time is cancelled and enqueued anew. One whose time has come is left alone: it asks for itself.
    """
    counts = {"enqueued": 0, "moved": 0, "cancelled": 0}
    with transaction.atomic():
        there = {key: run for key, run in waiting_runs(prefix).items() if run.run_at > now}
        for key, run in there.items():
            at = wanted[key][0] if key in wanted else None
            if at != run.run_at and _cancel(run.pk):
                counts["cancelled" if at is None else "moved"] += 1
        kept = {key for key, run in there.items() if key in wanted and wanted[key][0] == run.run_at}
        for key in wanted.keys() - kept:
            at, arguments = wanted[key]
            job.apply_async(kwargs=dict(arguments), eta=at, expires=at + grace, unique_key=key)
            counts["enqueued"] += key not in there
    return counts


def _cancel(run_id: UUID) -> bool:
    try:
        operations.cancel(Run.objects.filter(pk=run_id), by="a change of plan")
    except RefusedError:
        return False
    return True
