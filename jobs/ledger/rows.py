"""Runs as a raw statement returns them, built as the ORM would but with what it finds out each time found out once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from django.db import connection
from django.db.models.base import ModelState

from jobs.models import Run

_Converter = Callable[[Any, Any, Any], Any]
_OfColumn = tuple[int, Any, list[_Converter]]

_NAMES = [field.attname for field in Run._meta.concrete_fields]  # noqa: SLF001 - Django's documented API
# What a statement must return, in this order, for `runs_of`.
COLUMNS = ", ".join(f"jobs_run.{field.column}" for field in Run._meta.concrete_fields)  # noqa: SLF001 - the same


def runs_of(statement: str, parameters: Sequence[Any]) -> list[Run]:
    """Execute a statement that returns COLUMNS; return a run per row, in no order."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows = cursor.fetchall()
    alias, converters = connection.alias, _converters(connection.vendor)
    return [_run_of(_converted(row, converters), alias) for row in rows]


def _run_of(values: Sequence[Any], alias: str) -> Run:
    """Return what Run.from_db would: a row as it lies in the database, without a call for each of its columns."""
    run = Run.__new__(Run)
    state = ModelState()
    state.adding, state.db = False, alias
    vars(run).update(zip(_NAMES, values, strict=True), _state=state)
    return run


def _converted(row: Sequence[Any], of_columns: Sequence[_OfColumn]) -> list[Any]:
    values = list(row)
    for position, expression, converters in of_columns:
        if values[position] is not None:
            for convert in converters:
                values[position] = convert(values[position], expression, connection)
    return values


@cache
def _converters(vendor: str) -> list[_OfColumn]:
    """Return, of each column that needs it, its place and what turns its value into Python's."""
    expressions = [field.get_col(Run._meta.db_table) for field in Run._meta.concrete_fields]  # noqa: SLF001 - as above
    found = []
    for position, expression in enumerate(expressions):
        of_database = connection.ops.get_db_converters(expression)
        if converters := [*of_database, *expression.get_db_converters(connection)]:
            found.append((position, expression, converters))
    return found
