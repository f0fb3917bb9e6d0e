"""How the database does what is asked of the table of runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection


def explained(ask: Callable[[], Any], how: str) -> list[list[Any]]:
    """Return what `how`, a form of EXPLAIN, tells of each statement on runs that `ask()` executes, line by line."""
    asked: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, parameters: Any, *rest: Any) -> Any:
        asked.append((sql, parameters))
        return execute(sql, parameters, *rest)

    with connection.execute_wrapper(note):
        ask()
    told = []
    with connection.cursor() as cursor:
        for sql, parameters in asked:
            if "jobs_run" in sql:
                cursor.execute(f"{how} {sql}", parameters)
                told.append([row[-1] for row in cursor.fetchall()])
    return told
