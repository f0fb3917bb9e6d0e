"""A cursor whose statements PostgreSQL parses and plans once per session, which costs more than most of ours do else.

Behind a pooler that gives each transaction another session (PgBouncer) nothing stays prepared: there, and on SQLite,
it is Django's own cursor.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection
from django.db.backends.utils import CursorWrapper

_keeps_session: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()


def cursor() -> AbstractContextManager[CursorWrapper]:
    """Return a cursor for statements whose text is always the same; parameters have the types of Python's values."""
    if connection.vendor != "postgresql":
        return connection.cursor()
    ours: Any = connection
    ours.close_if_health_check_failed()
    ours.ensure_connection()
    raw = ours.connection
    if raw not in _keeps_session:
        _keeps_session[raw] = _allow(raw)
    if not _keeps_session[raw]:
        return connection.cursor()
    return ours._prepare_cursor(ours.Database.Cursor(raw))  # type: ignore[no-any-return] # noqa: SLF001 - as Django's own


def _allow(raw: Any) -> bool:
    """Let the session prepare statements if it is the server's: a pooler tells clients process ids of its own."""
    (process_id,) = raw.execute("SELECT pg_backend_pid()").fetchone()
    if process_id != raw.info.backend_pid:
        return False
    if raw.prepare_threshold is None:
        # Cursors of Django, which bind parameters themselves, never prepare.
        raw.prepare_threshold = 0
    return True
