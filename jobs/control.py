"""Celery's remote control, with revoke() going through the rows: it works with no worker up, and forgets nothing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from celery.app.control import Control as CeleryControl


class Control(CeleryControl):
    """Cancels runs where stock Celery keeps a list of revoked ids in every worker's memory."""

    def revoke(
        self,
        task_id: Any,
        destination: Any = None,
        terminate: bool = False,
        signal: Any = "SIGTERM",
        **kwargs: Any,
    ) -> Any:
        """Cancel the task's run: at once while it waits; a running one only with `terminate`, by killing its process.

        `task_id` may be a list. What has no row is left to Celery's own revoke.
        """
        ids = [task_id] if isinstance(task_id, str) else list(task_id)
        # Celery's command line makes this class before Django is set up: models may be loaded only now.
        self.app.loader.import_default_modules()
        cancelling = import_module("jobs.cancelling")
        unknown = [each for each in ids if not cancelling.revoke(str(each), terminate=terminate)]
        if unknown:
            return super().revoke(unknown, destination, terminate, signal, **kwargs)
        return None
