"""Schedules made the way people make them, for tests of what becomes of them."""

from __future__ import annotations

from typing import Any

from django_celery_beat.models import PeriodicTask

from jobs import operations
from jobs.models.run import Cause

SHELL = operations.Asker(cause=Cause.CLI, name="root")


def added(name: str = "nightly", **settings: Any) -> PeriodicTask:
    """Return a schedule of the job `add`, at 02:30 in Zurich unless told otherwise."""
    defaults = {"job": "add", "rule": "30 2 * * *", "zone": "Europe/Zurich", "kwargs": {"x": 1}}
    return operations.add_schedule({**defaults, **settings, "name": name}, by=SHELL)
