"""Bounds how long a migration waits for a table: everybody else who wants the table waits behind it."""

from __future__ import annotations

from typing import Any

SECONDS = 5.0


def limit(connection: Any) -> None:
    """Let statements of this session that wait longer for a lock fail; a limit that is set already stays."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        if cursor.fetchone()[0] == "0":
            cursor.execute(f"SET lock_timeout = '{int(SECONDS * 1000)}ms'")


def lift(connection: Any) -> None:
    """Return to what the session began with."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
