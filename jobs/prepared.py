"""A cursor whose statements PostgreSQL parses and plans once per session, which costs more than most of ours do else.

Behind a pooler that gives each transaction another session (PgBouncer) nothing stays prepared: there, and on SQLite,
it is Django's own cursor.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple, cast
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.utils import CursorWrapper


class _Kept(NamedTuple):
    """What stays with a session: its cursor, which knows how to send each type; None where nothing is prepared."""

    session: Any
    cursor: Any


# By Django's connection, which is its thread's own.
_kept: WeakKeyDictionary[Any, _Kept] = WeakKeyDictionary()


def cursor() -> AbstractContextManager[CursorWrapper]:
    """Return a cursor for statements whose text is always the same; parameters have the types of Python's values.

    It is used and left before another is asked for: the session has only one.
    """
    ours: Any = connections[DEFAULT_DB_ALIAS]
    if ours.vendor != "postgresql":
        return cast("CursorWrapper", ours.cursor())
    ours.close_if_health_check_failed()
    ours.ensure_connection()
    ours.validate_thread_sharing()
    kept = _kept.get(ours)
    if kept is None or kept.session is not ours.connection:
        kept = _kept[ours] = _keep(ours.connection, ours.Database.Cursor)
    # Django's log of statements can't tell what was sent through a cursor that is not its own.
    if kept.cursor is None or ours.queries_logged:
        return cast("CursorWrapper", ours.cursor())
    return nullcontext(ours.make_cursor(kept.cursor))


def _keep(session: Any, cursor_class: Any) -> _Kept:
    return _Kept(session, cursor_class(session) if _allow(session) else None)


def _allow(raw: Any) -> bool:
    """Let the session prepare statements if it is the server's: a pooler tells clients process ids of its own."""
    (process_id,) = raw.execute("SELECT pg_backend_pid()").fetchone()
    if process_id != raw.info.backend_pid:
        return False
    if raw.prepare_threshold is None:
        # Cursors of Django, which bind parameters themselves, never prepare.
        raw.prepare_threshold = 0
    return True
