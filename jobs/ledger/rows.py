"""Runs as a raw statement returns them, built as the ORM would but with what it finds out each time found out once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from django.db import connection
from django.db.models.base import ModelState

from jobs import prepared
from jobs.models import Run

_Converter = Callable[[Any, Any, Any], Any]
_OfColumn = tuple[int, Any, list[_Converter]]

_FIELDS = {field.attname: field for field in Run._meta.concrete_fields}  # noqa: SLF001 - Django's documented API


def columns(*, known: Sequence[str] = ()) -> str:
    """Return what a statement must return for `runs_of`, in this order: all but the columns whose values are known."""
    return ", ".join(f"jobs_run.{field.column}" for name, field in _FIELDS.items() if name not in known)


def runs_of(
    statement: str, parameters: Sequence[Any] | Mapping[str, Any], *, known: Mapping[str, Any] | None = None
) -> list[Run]:
    """Execute a statement that returns `columns`; return a run per row, in no order, with the `known` values too."""
    with prepared.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows = cursor.fetchall()
    alias, alike = connection.alias, known or {}
    names = _names(tuple(alike))
    converters = _converters(connection.vendor, names)
    return [_run_of(names, _converted(row, converters), alias, alike) for row in rows]


def first_of(statement: str, parameters: Sequence[Any] | Mapping[str, Any]) -> Run | None:
    """Execute a statement that returns the `columns` of one run at most, and return it."""
    return next(iter(runs_of(statement, parameters)), None)


def _run_of(names: Sequence[str], values: Sequence[Any], alias: str, known: Mapping[str, Any]) -> Run:
    """Return what Run.from_db would: a row as it lies in the database, without a call for each of its columns."""
    run = Run.__new__(Run)
    state = ModelState()
    state.adding, state.db = False, alias
    vars(run).update(zip(names, values, strict=True), _state=state, **known)
    return run


def _converted(row: Sequence[Any], of_columns: Sequence[_OfColumn]) -> list[Any]:
    values = list(row)
    for position, expression, converters in of_columns:
        if values[position] is not None:
            for convert in converters:
                values[position] = convert(values[position], expression, connection)
    return values


@cache
def _names(known: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in _FIELDS if name not in known)


@cache
def _converters(vendor: str, names: tuple[str, ...]) -> list[_OfColumn]:
    """Return, of each column that needs it, its place and what turns its value into Python's."""
    expressions = [_FIELDS[name].get_col(Run._meta.db_table) for name in names]  # noqa: SLF001 - as above
    found = []
    for position, expression in enumerate(expressions):
        of_database = connection.ops.get_db_converters(expression)
        if converters := [*of_database, *expression.get_db_converters(connection)]:
            found.append((position, expression, converters))
    return found
