"""Runs of the future that are known by a key: listed, moved and cancelled. The engine's rows are the only memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction

from jobs import Job, operations
from jobs.errors import RefusedError
from jobs.models import Run
from jobs.states import State

Planned = tuple[datetime, Mapping[str, Any]]


def waiting_runs(prefix: str) -> dict[str, Run]:
    """Return the runs that wait under a key beginning with `prefix`, by key."""
    return {str(run.unique_key): run for run in operations.runs_by_key(prefix).waiting()}


def keep_runs(
    job: Job, wanted: Mapping[str, Planned], *, prefix: str, grace: timedelta, now: datetime
) -> dict[str, int]:
    """Make the waiting runs under `prefix` be the `wanted` ones, key -> (time, arguments); returns what was done.

    A key stands for its arguments, so a run at another time is moved. One whose time has come is left alone: it asks
    for itself.
    """
    counts = {"enqueued": 0, "moved": 0, "cancelled": 0}
    with transaction.atomic():
        ahead = {
            key: run for key, run in waiting_runs(prefix).items() if run.state == State.SCHEDULED and run.run_at > now
        }
        for key in ahead.keys() - wanted.keys():
            counts["cancelled"] += _is_done(partial(operations.cancel_by_key, key, by="a change of plan"))
        for key, (at, arguments) in wanted.items():
            if key not in ahead:
                job.apply_async(kwargs=dict(arguments), eta=at, expires=at + grace, unique_key=key)
                counts["enqueued"] += 1
            elif ahead[key].run_at != at:
                counts["moved"] += _is_done(partial(operations.reschedule, key, at=at))
    return counts


def _is_done(act: Callable[[], object]) -> bool:
    """Act, unless the run began or ended meanwhile; whether it was done."""
    try:
        act()
    except RefusedError:
        return False
    return True
