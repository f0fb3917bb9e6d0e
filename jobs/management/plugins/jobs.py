"""The verbs of `manage.py jobs` beyond running and looking."""

from jobs.management.verbs import (
    checking,
    dead,
    keys,
    quarantine,
    queue,
    schedule,
    schedule_edits,
    schedule_past,
    statistics,
    token,
    top,
    wishes,
    worker,
)

__all__ = [
    "checking",
    "dead",
    "keys",
    "quarantine",
    "queue",
    "schedule",
    "schedule_edits",
    "schedule_past",
    "statistics",
    "token",
    "top",
    "wishes",
    "worker",
]
