"""Celery's request in a worker's main process, made to say which child had the message when it reports an end."""

from __future__ import annotations

from typing import Any

from celery.worker.request import Request as CeleryRequest


class Request(CeleryRequest):
    """Tells the result backend the pid of the child, so that a late report can't end the run's next attempt."""

    @property
    def _context(self) -> Any:
        context = super()._context  # type: ignore[misc]
        context.child_pid = self.worker_pid
        return context
