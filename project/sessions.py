"""What a session with PostgreSQL is told at its start."""

from __future__ import annotations

from typing import Any

from jobs.dialect import hands_sessions_on


def begin(*, connection: Any, **_: Any) -> None:
    """Leave statements uncompiled: on a long history compiling takes longer than any of ours does.

    Where a pooler hands sessions on, this is for the database's own settings (docs/going_to_production.md).
    """
    if connection.vendor == "postgresql" and not hands_sessions_on():
        with connection.wrap_database_errors:
            connection.connection.execute("SET jit = off")
