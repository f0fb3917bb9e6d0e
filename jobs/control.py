"""Celery's remote control, with revoke() going through the rows: it works with no worker up, and forgets nothing."""

from __future__ import annotations

from typing import Any

from celery.app.control import Control as CeleryControl

from jobs import cancelling
from jobs.identifiers import run_id_of
from jobs.models import Run


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
        unknown = [each for each in ids if not self._cancel(str(each), terminate)]
        if unknown:
            return super().revoke(unknown, destination, terminate, signal, **kwargs)
        return None

    def _cancel(self, task_id: str, terminate: bool) -> bool:
        run = Run.objects.filter(pk=run_id_of(task_id)).first()
        if run is None:
            return False
        cancelling.revoke(run, terminate=terminate)
        return True
