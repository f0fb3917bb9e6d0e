"""Start-up checks of the engine itself: what it can't work on is refused before anything is written."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error
from django.db import connections

SUPPORTED = ("postgresql", "sqlite")
# Of psycopg, which need not be installed.
READ_COMMITTED = 2


def isolation_levels(**_: Any) -> list[CheckMessage]:
    """Report an isolation level under which PostgreSQL refuses what two processes do at once: `delay()` would raise."""
    return [
        Error(
            f"Database {alias!r} has isolation level {getattr(level, 'name', level)}, under which PostgreSQL "
            "refuses what two processes do at once: leave it at its own, READ COMMITTED.",
            id="daybook.E007",
        )
        for alias in connections
        if connections[alias].vendor == "postgresql"
        and isinstance(level := connections[alias].settings_dict["OPTIONS"].get("isolation_level"), int)
        and level > READ_COMMITTED
    ]


def supported_databases(**_: Any) -> list[CheckMessage]:
    """Report databases on which the engine's guarantees don't hold: MariaDB, MySQL, Oracle."""
    return [
        Error(
            f"Database {alias!r} is {connections[alias].display_name}, on which edits of schedules would go unnoticed "
            "and guards would not hold: use PostgreSQL or SQLite.",
            id="daybook.E005",
        )
        for alias in connections
        if connections[alias].vendor not in SUPPORTED
    ]
