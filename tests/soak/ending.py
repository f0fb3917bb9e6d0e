"""What the database holds: prepared before a soak, watched while it drains, and read out for the checker at its end."""

from __future__ import annotations

import time
from pathlib import Path

from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import Error, connection
from django_celery_results.models import TaskResult

from jobs.models import Run, Worker
from tests.soak import effects
from tests.soak.jobs_under_soak import ROWS

COLUMNS = (
    "id", "job", "state", "attempt", "token", "kwargs", "parent_id", "attempts", "created_at", "started_at",
    "finished_at", "error_kind", "reason", "waits_for",
)  # fmt: skip


def prepare() -> None:
    """Create the tables and the rows that iterators go through."""
    call_command("migrate", verbosity=0)
    Group.objects.bulk_create([Group(name=f"row {n:03}") for n in range(ROWS)])


def drain(*, within: float) -> float:
    """Wait until no run is unfinished, at most `within` seconds; returns how long it took."""
    began = time.monotonic()
    while time.monotonic() - began < within and _unfinished():
        time.sleep(0.25)
    return time.monotonic() - began


def progress() -> tuple[int, int]:
    """Return how many runs there are and how many of them are unfinished; (-1, -1) when the database is away."""
    try:
        return Run.objects.count(), Run.objects.unfinished().count()
    except Error:
        connection.close()
        return -1, -1


def dump(folder: Path) -> None:
    """Write the final tables beside the logs."""
    effects.write(folder / "runs.jsonl", Run.objects.order_by("id").values(*COLUMNS))
    effects.write(folder / "results.jsonl", list(TaskResult.objects.values("task_id", "status", "result")))
    effects.write(folder / "workers.jsonl", list(Worker.objects.values("id", "pid", "kind", "lost_at", "stopped_at")))
    effects.write(folder / "bookings.jsonl", list(Group.objects.filter(name__startswith="booking ").values("name")))


def _unfinished() -> bool:
    return progress()[1] != 0
