"""The engine's pages in the admin, one module per model; they show and ask, the rest is queries and operations."""

from jobs.admin import audit, bad_message, kept_key, queue, result, run, schedule, schedule_rules, token, worker

__all__ = [
    "audit",
    "bad_message",
    "kept_key",
    "queue",
    "result",
    "run",
    "schedule",
    "schedule_rules",
    "token",
    "worker",
]
