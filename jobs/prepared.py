"""A cursor whose statements PostgreSQL parses and plans once per session, which costs more than most of ours do else.

Behind a pooler that gives each transaction another session (PgBouncer) nothing stays prepared: there, and on SQLite,
it is Django's own cursor.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC
from typing import Any, NamedTuple, cast
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.utils import CursorWrapper


@dataclass(frozen=True, eq=False)
class Statement:
    """A statement that returns no rows; its parameters `$1`, `$2` ... are sent as text (0) or in binary form (1)."""

    name: bytes
    text: bytes
    formats: Sequence[int]


# Of libpq (PGTransactionStatusType, ExecStatusType): psycopg's own names for them cost a look each.
_IDLE, _DONE = 0, 1


class _Kept(NamedTuple):
    """What stays with a session: its cursor, which knows how to send each type; None where nothing is prepared."""

    psycopg: Any
    session: Any
    cursor: Any
    statements: set[Statement]


# By Django's connection, which is its thread's own.
_kept: WeakKeyDictionary[Any, _Kept] = WeakKeyDictionary()
# By session: where connections are pooled, one may come back.
_statements: WeakKeyDictionary[Any, set[Statement]] = WeakKeyDictionary()


def cursor() -> AbstractContextManager[CursorWrapper]:
    """Return a cursor for statements whose text is always the same; parameters have the types of Python's values.

    It is used and left before another is asked for: the session has only one.
    """
    ours: Any = connections[DEFAULT_DB_ALIAS]
    if ours.vendor != "postgresql":
        return cast("CursorWrapper", ours.cursor())
    kept = _kept_by(ours)
    # Django's log of statements can't tell what was sent through a cursor that is not its own.
    if kept.cursor is None or ours.queries_logged:
        return cast("CursorWrapper", ours.cursor())
    return nullcontext(ours.make_cursor(kept.cursor))


def sent(ours: Any, statement: Statement, parameters: Sequence[bytes | None]) -> int | None:
    """Execute the statement on Django's connection to PostgreSQL through libpq itself, at a third of a cursor's cost.

    Returns how many rows it changed; None, and nothing done, where only a cursor will do: behind a pooler, in a
    transaction (which the cursor begins, and a forgotten statement would break), and where somebody listens to what is
    executed.
    """
    kept = _kept_by(ours)
    if kept.cursor is None or ours.execute_wrappers or ours.queries_logged or not _is_ready(kept.session):
        return None
    with ours.wrap_database_errors, kept.session.lock:
        try:
            return _send(kept, statement, parameters)
        except kept.psycopg.errors.InvalidSqlStatementName:
            # Psycopg lets a session forget all of them after a rollback.
            kept.statements.clear()
            return _send(kept, statement, parameters)


def _is_ready(session: Any) -> bool:
    libpq = session.pgconn
    return session.autocommit and libpq.transaction_status == _IDLE and not libpq.pipeline_status


def _send(kept: _Kept, statement: Statement, parameters: Sequence[bytes | None]) -> int:
    if statement not in kept.statements:
        kept.session.pgconn.send_prepare(statement.name, statement.text)
        _await(kept)
        kept.statements.add(statement)
    kept.session.pgconn.send_query_prepared(statement.name, parameters, statement.formats)
    return _await(kept)


def _await(kept: _Kept) -> int:
    """Wait for the answer as a cursor does: a signal's handler runs meanwhile. Returns how many rows were changed.

    Raises: psycopg.Error.
    """
    changed = 0
    psycopg, session = kept.psycopg, kept.session
    for result in session.wait(psycopg.generators.execute(session.pgconn)):
        if result.status != _DONE:
            raise psycopg.errors.error_from_result(result, encoding=session.info.encoding)
        changed += result.command_tuples or 0
    return changed


def _kept_by(ours: Any) -> _Kept:
    ours.close_if_health_check_failed()
    ours.ensure_connection()
    ours.validate_thread_sharing()
    kept = _kept.get(ours)
    if kept is None or kept.session is not ours.connection:
        kept = _kept[ours] = _keep(ours)
    return kept


def _keep(ours: Any) -> _Kept:
    session = ours.connection
    cursor = _made(ours) if _allow(session) else None
    return _Kept(ours.Database, session, cursor, _statements.setdefault(session, set()))


def _made(ours: Any) -> Any:
    """Return a cursor of the session, reading times by psycopg's own C where that says the same as Django's Python."""
    made = ours.Database.Cursor(ours.connection)
    if ours.timezone is UTC and ours.connection.info.parameter_status("TimeZone") == "UTC":
        made.adapters.register_loader("timestamptz", ours.Database.types.datetime.TimestamptzLoader)
    return made


def _allow(raw: Any) -> bool:
    """Let the session prepare statements if it is the server's: a pooler tells clients process ids of its own."""
    (process_id,) = raw.execute("SELECT pg_backend_pid()").fetchone()
    if process_id != raw.info.backend_pid:
        return False
    if raw.prepare_threshold is None:
        # Cursors of Django, which bind parameters themselves, never prepare.
        raw.prepare_threshold = 0
    return True
