"""A task's result as its row in django-celery-results' table: what is alike in most rows is encoded once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django_celery_results.backends.database import DatabaseBackend

from jobs import ledger
from jobs.ledger import Answer
from jobs.outcomes import storable

_LONGEST_KEPT = 200


class AnswerBackend(DatabaseBackend):  # type: ignore[misc]
    """django-celery-results' backend, drafting the row that it would write."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """Connect as the stock backend does."""
        super().__init__(*args, **options)
        self._encoded_text = lru_cache(maxsize=512)(self._encoded)
        self._encoded_childless = lru_cache(maxsize=1)(lambda: self._encoded({"children": []})[2])

    def encode_content(self, data: Any) -> tuple[str, str, str]:
        """Return content type, encoding and text; short texts, which are arguments as shown, come again and again."""
        is_short = type(data) is str and len(data) <= _LONGEST_KEPT
        return self._encoded_text(data) if is_short else self._encoded(data)

    def answer(self, task_id: str, result: Any, status: str, traceback: Any, request: Any) -> Answer:
        """Return the columns of the result's row. A result itself is never kept in memory."""
        content_type, content_encoding, encoded = self._encoded(result)
        children = self.current_task_children(request)
        meta = {**self._get_meta_from_request(request), "children": children}
        now = ledger.now()
        return {
            "task_id": task_id,
            "status": status,
            "content_type": content_type,
            "content_encoding": content_encoding,
            "result": encoded,
            "meta": self._encoded_childless() if meta == {"children": []} else self._encoded(meta)[2],
            "date_created": now,
            "date_started": None,
            "date_done": now,
            **self._get_extended_properties(request, traceback),
            "traceback": traceback and storable(str(traceback)),
        }

    def _encoded(self, data: Any) -> tuple[str, str, str]:
        encoded: tuple[str, str, str] = super().encode_content(data)
        return encoded
