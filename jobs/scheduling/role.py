"""One duty of beat and when it is due next."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from django.db import Error, connection

log = structlog.get_logger(__name__)

EAGER_SECONDS = 0.05


class Role:
    """One duty of beat: what it does and how often, in seconds."""

    def __init__(self, name: str, every: float, duty: Callable[..., Any], *, eager: bool = False) -> None:
        """Make it due at once; an eager one that found something to do is due again right away."""
        self.name, self.every, self.duty, self.eager = name, every, duty, eager
        self.due = 0.0

    def perform(self, now: datetime) -> bool:
        """Do it; a failure is logged and never stops the other roles. Whether it found something to do."""
        found = 0
        try:
            found = self.duty(now=now)
        except Error as error:
            log.warning("database fault in a role, going on", role=self.name, error=str(error))
            connection.close()
        except Exception:
            log.exception("a role failed, going on", role=self.name)
        self.due = time.monotonic() + (EAGER_SECONDS if self.eager and found else self.every)
        return bool(found)
