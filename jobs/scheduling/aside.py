"""A duty of an application's that beat performs in a thread of its own: what it waits for holds up no role."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from django.db import connection

log = structlog.get_logger(__name__)


class Aside:
    """Calls a function with `now`, one call at a time; one still at it when the next is due is left to finish."""

    def __init__(self, duty: Callable[..., Any]) -> None:
        self._duty = duty
        self._thread: threading.Thread | None = None

    def __call__(self, *, now: datetime) -> int:
        """Begin it unless the last call goes on; returns 0, as a role that found nothing to do."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._perform, args=(now,), name="aside", daemon=True)
            self._thread.start()
        return 0

    def _perform(self, now: datetime) -> None:
        try:
            self._duty(now=now)
        except Exception:
            log.exception("an aside failed, going on")
        finally:
            connection.close()
