"""Everything that differs between PostgreSQL and SQLite, and which database errors mean "try again"."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Any, TypeVar
from uuid import UUID

import structlog
from django.db import DEFAULT_DB_ALIAS, Error, InterfaceError, OperationalError, connection, connections, transaction
from django.db.backends.signals import connection_created
from django.db.models import (
    Aggregate,
    DurationField,
    ExpressionWrapper,
    F,
    FloatField,
    Lookup,
    Model,
    QuerySet,
    TextField,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Extract

T = TypeVar("T")
M = TypeVar("M", bound=Model)

log = structlog.get_logger(__name__)

_TRANSIENT_SQLSTATES = ("08", "40", "53", "55", "57", "58")
_SQLITE_TRANSIENT = ("locked", "busy", "disk i/o", "unable to open")


def own_uuid(value: UUID) -> UUID | str:
    """Return the id as a raw statement must give it."""
    return value if connection.features.has_native_uuid_field else value.hex


def array_of(values: Iterable[UUID | datetime | str | float | None]) -> str:
    """Return the values as the text of a PostgreSQL array, at a tenth of what its driver takes for each."""
    return "{" + ",".join([_ELEMENTS.get(type(value), _element_of)(value) for value in values]) + "}"


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


# By the very type: that spares most values a row of questions.
_ELEMENTS: dict[type, Callable[[Any], str]] = {
    type(None): lambda _: "NULL",
    str: _quoted,
    UUID: attrgetter("hex"),
    datetime: datetime.isoformat,
    int: repr,
    float: repr,
}


def _element_of(value: Any) -> str:
    """Return the same of what is derived from one of these, or is anything else."""
    alike = (make for kind, make in _ELEMENTS.items() if isinstance(value, kind))
    return next(alike, repr)(value)


def claimable(rows: QuerySet[M], *, of: tuple[str, ...] = ("self",), no_key: bool = False) -> QuerySet[M]:
    """Lock the rows, passing over those another process has locked; SQLite's IMMEDIATE transactions need no lock.

    `of` names the joined rows to lock; with `no_key` other rows may still come to refer to these.
    """
    if connection.features.has_select_for_update_skip_locked:
        return rows.select_for_update(skip_locked=True, of=of, no_key=no_key)
    return rows


def seconds_between(start: str, end: str) -> Combinable:
    """Return the seconds between two columns of times, as an expression."""
    difference = ExpressionWrapper(F(end) - F(start), output_field=DurationField())
    if connection.features.has_native_duration_field:
        return Extract(difference, "epoch", output_field=FloatField())
    return Cast(difference, output_field=FloatField()) / 1_000_000.0


class JoinedJson(Aggregate):
    """All values of a column of JSON as the text of one list."""

    function = "GROUP_CONCAT"
    template = "'[' || %(function)s(%(expressions)s, ',') || ']'"
    output_field = TextField()

    def __init__(self, column: str, **given: Any) -> None:
        """Take the column's name."""
        super().__init__(Cast(column, TextField()), **given)

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        """Return PostgreSQL's aggregate."""
        return self.as_sql(compiler, connection, function="STRING_AGG")


class Among(Lookup):
    """Whether a column holds one of these words, written out as they stand in the conditions of indexes.

    SQLite takes a partial index only for the very words of its condition, in their order, never for parameters.
    """

    prepare_rhs = False

    def __init__(self, column: str, words: Iterable[StrEnum]) -> None:
        """Take constants of the code only: they are not escaped."""
        super().__init__(F(column), tuple(words))

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        """Return the condition."""
        column, parameters = self.process_lhs(compiler, connection)
        return f"{column} IN ({', '.join(repr(str(word)) for word in self.rhs)})", tuple(parameters)


class AlsoAmong(Among):
    """The same beside a condition that implies it: SQLite finds the index by it, PostgreSQL would count it twice."""

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        """Return what is always so: a share of rows taken twice misleads the planner."""
        return "TRUE", ()


def write_columns(rows: Sequence[M], names: Sequence[str]) -> None:
    """Update these columns of many rows, in one statement; SQLite, a call away and no round trip, gets one for each."""
    meta = rows[0]._meta  # noqa: SLF001 - Django's documented way to a model's fields
    fields: list[Any] = [meta.pk, *(meta.get_field(name) for name in names)]
    values = [[each.get_db_prep_save(getattr(row, each.attname), connection) for each in fields] for row in rows]
    key, *columns = (connection.ops.quote_name(each.column) for each in fields)
    table = connection.ops.quote_name(meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            arrays = ", ".join(f"%s::{each.cast_db_type(connection)}[]" for each in fields)
            changes = ", ".join(f"{column} = new.{column}" for column in columns)
            cursor.execute(
                f"UPDATE {table} AS old SET {changes} FROM unnest({arrays}) AS new ({', '.join([key, *columns])})"  # noqa: S608 - names of columns
                f" WHERE old.{key} = new.{key}",
                [list(column) for column in zip(*values, strict=True)],
            )
            return
        changes = ", ".join(f"{column} = %s" for column in columns)
        cursor.executemany(
            f"UPDATE {table} SET {changes} WHERE {key} = %s",  # noqa: S608 - the same
            [[*row[1:], row[0]] for row in values],
        )


def insert_fresh(rows: Sequence[M], *, batch_size: int) -> set[Any]:
    """Insert the rows that no constraint refuses, and return the keys of these.

    On PostgreSQL a column that is the same in all rows of a batch is sent once, which halves the CPU of many alike.
    """
    if not rows:
        return set()
    model = type(rows[0])
    if connection.vendor != "postgresql":
        model._default_manager.bulk_create(rows, batch_size=batch_size, ignore_conflicts=True)  # noqa: SLF001 - Django's documented API
        return set(model._default_manager.filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True))  # noqa: SLF001 - the same
    batches = (rows[first : first + batch_size] for first in range(0, len(rows), batch_size))
    return {key for batch in batches for key in _insert_batch(batch)}


def _insert_batch(rows: Sequence[Model]) -> list[Any]:
    meta = rows[0]._meta  # noqa: SLF001 - Django's documented way to a model's fields
    fields: list[Any] = list(meta.concrete_fields)
    fixed, varied, single, many = [], [], [], []
    for field in fields:
        values = [getattr(row, field.attname) for row in rows]
        # Without a length, which a cast would cut a text to.
        cast = field.cast_db_type(connection).partition("(")[0]
        name = connection.ops.quote_name(field.column)
        if not field.primary_key and values.count(values[0]) == len(values):
            fixed.append((name, f"%s::{cast}"))
            single.append(field.get_db_prep_save(values[0], connection))
        else:
            varied.append((name, f"%s::{cast}[]"))
            many.append([field.get_db_prep_save(value, connection) for value in values])
    columns = ", ".join(name for name, _ in (*varied, *fixed))
    key = next(connection.ops.quote_name(field.column) for field in fields if field.primary_key)
    chosen = ", ".join((*(f"new.{name}" for name, _ in varied), *(value for _, value in fixed)))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {connection.ops.quote_name(meta.db_table)} ({columns}) SELECT {chosen}"  # noqa: S608 - names of columns and types
            f" FROM unnest({', '.join(array for _, array in varied)}) AS new ({', '.join(name for name, _ in varied)})"
            f" ON CONFLICT DO NOTHING RETURNING {key}",
            [*single, *many],
        )
        return [new for (new,) in cursor.fetchall()]


def sign_sessions(name: str) -> None:
    """Name this process's database sessions and its children's, so that `cut_sessions` finds them; PostgreSQL only."""
    if connection.vendor == "postgresql":
        connections.settings[DEFAULT_DB_ALIAS].setdefault("OPTIONS", {})["application_name"] = name
        if not connection.in_atomic_block:
            connection.close()


def cut_sessions(name: str) -> int:
    """End the database sessions of that name, and so their locks and open transactions; returns how many.

    SQLite has none: a lock ends with the process that holds it.
    """
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = %s AND usename = current_user AND datname = current_database()"
            " AND pid <> pg_backend_pid()",
            [name],
        )
        return len(cursor.fetchall())


def has_pooler() -> bool:
    """Whether something between us and PostgreSQL answers in its name: it can't know the server's process."""
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return bool(cursor.fetchone()[0] != connection.connection.info.backend_pid)


def hands_sessions_on() -> bool:
    """Whether DATABASE_POOLED says that a session is ours for one transaction only."""
    return bool(connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"])


def bound_sessions(*, lock_seconds: float, statement_seconds: float) -> None:
    """From now on let nothing in this process wait longer than that for a lock, or take longer for a statement.

    On PostgreSQL also for what follows within a transaction; SQLite knows only the wait for its lock. Where sessions
    are handed on, every transaction is bound anew, and a statement outside of any gets one of its own.
    """
    lock, statement = int(lock_seconds * 1000), int(statement_seconds * 1000)
    limits = {"lock_timeout": lock, "statement_timeout": statement, "idle_in_transaction_session_timeout": statement}

    def bound(connection: Any, **_: Any) -> None:
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute(f"PRAGMA busy_timeout = {lock}")
        elif not hands_sessions_on():
            with connection.cursor() as cursor:
                cursor.execute("; ".join(f"SET {name} = {value}" for name, value in limits.items()))
        elif bound_transaction not in connection.execute_wrappers:
            connection.execute_wrappers.append(bound_transaction)

    def bound_transaction(execute: Callable[..., T], sql: str, params: Any, many: bool, context: Any) -> T:
        wrapped = context["connection"]
        with nullcontext() if wrapped.in_atomic_block else transaction.atomic(using=wrapped.alias):
            session = wrapped.connection
            if session.info.transaction_status.name == "IDLE":
                with wrapped.wrap_database_errors:
                    session.execute("; ".join(f"SET LOCAL {name} = {value}" for name, value in limits.items()))
            return execute(sql, params, many, context)

    connection.close()
    connection_created.connect(bound, weak=False, dispatch_uid="daybook bounds")


def is_database_fault(error: BaseException) -> bool:
    """Whether the database failed, not the statement: lost connection, restart, deadlock, serialization, exhaustion."""
    if isinstance(error, InterfaceError):
        return True
    if not isinstance(error, OperationalError):
        return False
    sqlstate = getattr(error.__cause__, "sqlstate", None)
    if connection.vendor == "sqlite":
        return any(word in str(error).lower() for word in _SQLITE_TRANSIENT)
    return sqlstate is None or sqlstate.startswith(_TRANSIENT_SQLSTATES)


def patiently(action: Callable[[], T], *, seconds: float, what: str) -> T:
    """Return `action()`, tried again through database faults for at most `seconds`; outside any transaction only.

    Raises: the last fault, when time is up; any other error at once.
    """
    deadline = time.monotonic() + seconds
    wait = 0.05
    while True:
        try:
            return action()
        except Error as error:
            if connection.in_atomic_block or not is_database_fault(error) or time.monotonic() > deadline:
                raise
            log.warning("database fault, trying again", what=what, error=str(error))
            connection.close()
        time.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311
        wait = min(wait * 2, 2.0)
