"""A task's result as its row in django-celery-results' table: what is alike in most rows is encoded once."""

from __future__ import annotations

from datetime import datetime
from functools import cache, cached_property, lru_cache
from typing import Any

from django_celery_results.backends.database import DatabaseBackend

from jobs.ledger import Answer
from jobs.outcomes import storable

_LONGEST_KEPT = 200


class AnswerBackend(DatabaseBackend):  # type: ignore[misc]
    """django-celery-results' backend, drafting the row that it would write."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """Connect as the stock backend does."""
        super().__init__(*args, **options)
        self._encoded_text = lru_cache(maxsize=512)(self._encoded)
        self._encoded_childless = cache(lambda: self._encoded({"children": []})[2])
        self._encoded_none = cache(lambda: self._encoded(None))

    def encode_content(self, data: Any) -> tuple[str, str, str]:
        """Return content type, encoding and text; short texts, which are arguments as shown, come again and again."""
        is_short = type(data) is str and len(data) <= _LONGEST_KEPT
        return self._encoded_text(data) if is_short else self._encoded(data)

    def answer(  # noqa: PLR0917 - Celery's, and the time
        self, task_id: str, result: Any, status: str, traceback: Any, request: Any, at: datetime
    ) -> Answer:
        """Return the columns of the result's row. A result itself is never kept in memory, unless it is None."""
        content_type, content_encoding, encoded = self._encoded(result) if result is not None else self._encoded_none()
        meta = {**self._get_meta_from_request(request), "children": self.current_task_children(request)}
        return {
            "task_id": task_id,
            "status": status,
            "content_type": content_type,
            "content_encoding": content_encoding,
            "result": encoded,
            "meta": self._encoded_childless() if meta == {"children": []} else self._encoded(meta)[2],
            "date_created": at,
            "date_started": None,
            "date_done": at,
            **self._get_extended_properties(request, traceback),
            "traceback": traceback and storable(str(traceback)),
        }

    @cached_property
    def _is_extended(self) -> bool:
        return bool(self.app.conf.result_extended)

    def _get_extended_properties(self, request: Any, traceback: Any) -> dict[str, Any]:
        """Return the columns that tell the call, as stock does, without asking the settings for each."""
        args, kwargs = getattr(request, "argsrepr", None), getattr(request, "kwargsrepr", None)
        if not self._is_extended or args is None or kwargs is None:
            return super()._get_extended_properties(request, traceback)  # type: ignore[no-any-return]
        return {
            "periodic_task_name": getattr(request, "periodic_task_name", None),
            "task_args": self.encode_content(args)[2],
            "task_kwargs": self.encode_content(kwargs)[2],
            "task_name": getattr(request, "task", None),
            "traceback": traceback,
            "worker": getattr(request, "hostname", None),
        }

    def _encoded(self, data: Any) -> tuple[str, str, str]:
        encoded: tuple[str, str, str] = super().encode_content(data)
        return encoded
