"""The engine's pages in the admin, one module per model; they show and ask, the rest is queries and operations."""

from jobs.admin import bad_message, queue, result, run, schedule, token, worker

__all__ = ["bad_message", "queue", "result", "run", "schedule", "token", "worker"]
