"""The Celery app class: every task of it is a Job, every worker a Node, and send_task() by name writes the row too."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery

from jobs import transport


class Daybook(Celery):
    """A Celery app whose tasks are Daybook's jobs."""

    registry_cls = "jobs.registry:Tasks"

    def __init__(self, main: str, **options: Any) -> None:
        """Create the app as Celery does."""
        transport.install()
        # Its worker would run Django's checks and drop what they say, for which all that serves the web is loaded.
        os.environ.setdefault("CELERY_SKIP_CHECKS", "1")
        # A child that is spawned instead of forked makes the app anew, from what it was made of.
        super().__init__(main, **{"task_cls": "jobs.task:Job", "control": "jobs.control:Control", **options})
        self.steps["worker"].add("jobs.node:Node")
        self.conf.worker_consumer = "jobs.intake:Consumer"

    def send_task(  # type: ignore[override]
        self, name: str, args: Any = None, kwargs: Any = None, **options: Any
    ) -> Any:
        """Enqueue the job called `name`, as its own apply_async would; a name not registered here goes out as it is."""
        job = self.tasks.get(name) if options.get("task_type") is None else None
        if job is None or not hasattr(job, "declaration"):
            return super().send_task(name, args, kwargs, **options)
        return job.apply_async(args, kwargs, **options)
