"""Good ends of packed runs, laid down one by one and written together: runs and results in one transaction."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import structlog
from django.db import transaction
from django_celery_results.models import TaskResult

from jobs import faultpoints, ledger
from jobs.conf import conf
from jobs.dialect import patiently
from jobs.ledger import Success

log = structlog.get_logger(__name__)

RESULT_COLUMNS = [field.attname for field in TaskResult._meta.concrete_fields]  # noqa: SLF001 - Django's documented API
_UPDATED = [column for column in RESULT_COLUMNS if column not in ("id", "task_id", "date_created")]

End = tuple[Success, TaskResult | None]


class Tray:
    """What one pack has finished and not yet written; may be flushed from another thread."""

    def __init__(self) -> None:
        """Begin empty."""
        self._ends: list[End] = []
        self._oldest_at = 0.0
        self._lock = threading.Lock()
        self._writing = threading.Lock()

    def add(self, success: Success, result: TaskResult | None) -> None:
        """Lay down one end."""
        with self._lock:
            if not self._ends:
                self._oldest_at = time.monotonic()
            self._ends.append((success, result))

    def age(self) -> float:
        """Return how many seconds the oldest end has lain here."""
        with self._lock:
            return time.monotonic() - self._oldest_at if self._ends else 0.0

    def flush(self) -> None:
        """Write what lies here, waiting for a database that is away; returns once nothing of it is unwritten."""
        with self._writing:
            with self._lock:
                ends, self._ends = self._ends, []
            if ends:
                faultpoints.reach("before settle")
                patiently(_writer(ends), seconds=conf().database_patience_seconds, what="finish a pack")
                faultpoints.reach("after settle")


def store_results(rows: Sequence[TaskResult]) -> None:
    """Insert the results, or write them over what the same tasks stored before."""
    TaskResult.objects.bulk_create(rows, update_conflicts=True, unique_fields=["task_id"], update_fields=_UPDATED)


def _writer(ends: Sequence[End]) -> Callable[[], None]:
    def write() -> None:
        with transaction.atomic():
            held = ledger.succeed_many([success for success, _ in ends])
            faultpoints.reach("in settle")
            results = [result for success, result in ends if result is not None and success.fence.run_id in held]
            if results:
                store_results(results)
        if len(held) < len(ends):
            log.warning("stale ends changed nothing", runs=len(ends) - len(held))

    return write
