"""Bells of packed runs: whether one is on its way, noted by its sender and cleared by whoever hears it."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from jobs import prepared
from jobs.models import Bell

_ITS = "queue = %(queue)s AND job = %(job)s"
_SET = f"UPDATE jobs_bell SET rung_at = %(now)s WHERE {_ITS} AND (rung_at IS NULL OR rung_at < %(lost)s)"  # noqa: S608 - constants
_CLEAR = f"UPDATE jobs_bell SET rung_at = NULL WHERE {_ITS} AND rung_at IS NOT NULL"  # noqa: S608 - constants
_LOOK = f"SELECT rung_at FROM jobs_bell WHERE {_ITS}"  # noqa: S608 - constants
# The bell's row is a hint that no crash needs to spare: its commit waits for no disk. In force for that statement only.
_UNSYNCED = " AND set_config('synchronous_commit', 'off', true) = 'off'"
# Waits for a claim that is clearing it, which may not see what the caller has just committed.
_WAITING = " FOR SHARE"
# For PostgreSQL. It waits for nobody who holds the row: that one is setting the bell or clearing it.
_SET_WITH = (
    "WITH run AS ({insert}) UPDATE jobs_bell SET rung_at = {created_at} WHERE id = (SELECT id FROM jobs_bell "
    "WHERE queue = {queue} AND job = {job} AND (rung_at IS NULL OR rung_at < {created_at} - interval '{lost_after}') "
    "FOR UPDATE SKIP LOCKED)"
)
# For PostgreSQL: what a claim does first, and what makes it come first: always true, but to be asked before any row is.
CLEARED = f"cleared AS ({_CLEAR} RETURNING 1)"
ONCE_CLEARED = "AND (SELECT count(*) FROM cleared) < 2"


def set_bell(queue: str, job: str, *, now: datetime) -> bool:
    """Note that a bell is on its way; False when one is. One that nobody has heard for long counts as lost."""
    adapt = connection.ops.adapt_datetimefield_value
    its = {"queue": queue, "job": job}
    values = {**its, "now": adapt(now), "lost": adapt(now - Bell.LOST_AFTER)}
    with prepared.cursor() as cursor:
        cursor.execute(_unsynced(_SET), values)
        if cursor.rowcount:
            return True
        cursor.execute(_unsynced(_LOOK, _WAITING), its)
        found = cursor.fetchone()
        if found == (None,):
            cursor.execute(_unsynced(_SET), values)
            return bool(cursor.rowcount)
    if found is None:
        Bell.objects.bulk_create([Bell(queue=queue, job=job, rung_at=now)], ignore_conflicts=True)
    return found is None


def set_with(insert: str, **values: str) -> str:
    """Return a statement that inserts a run at `created_at` and sets its bell, unless one is on its way.

    One that was on its way when the statement began may have been heard since: whoever finds it has to look once more.
    """
    return _SET_WITH.format(insert=insert, lost_after=f"{Bell.LOST_AFTER.total_seconds()} s", **values)


def clear_bell(queue: str, job: str) -> None:
    """Note that no bell is on its way any more; to be committed before looking for runs."""
    with prepared.cursor() as cursor:
        cursor.execute(_unsynced(_CLEAR), {"queue": queue, "job": job})


def _unsynced(statement: str, waiting: str = "") -> str:
    """Return the statement as PostgreSQL is to be told it; SQLite has one writer, and nobody to wait for."""
    if connection.vendor != "postgresql":
        return statement
    return statement + ("" if connection.in_atomic_block else _UNSYNCED) + waiting
