"""The engine's pages in the admin, one module per model; they show and ask, the rest is queries and operations."""

from jobs.admin import queue, result, run, schedule, worker

__all__ = ["queue", "result", "run", "schedule", "worker"]
