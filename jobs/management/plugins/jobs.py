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
    "wishes",
    "worker",
]
