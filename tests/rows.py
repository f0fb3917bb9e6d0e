"""Rows made by hand, for tests of what reads them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from jobs.identifiers import new_correlation_id
from jobs.models import Run, Worker

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def new_run(**columns: Any) -> Run:
    """Return an unsaved run that was enqueued at noon."""
    defaults = {"job": "sample", "created_at": NOON, "run_at": NOON, "correlation_id": new_correlation_id()}
    return Run(**{**defaults, **columns})


def saved_run(**columns: Any) -> Run:
    """Return a saved run."""
    run = new_run(**columns)
    run.save(force_insert=True)
    return run


def saved_worker(**columns: Any) -> Worker:
    """Return a worker that reported in at noon."""
    defaults = {"name": "worker@here", "hostname": "here", "pid": 1, "started_at": NOON, "heartbeat_at": NOON}
    return Worker.objects.create(**{**defaults, **columns})
