"""Runs as ten days of work would leave them, made by the database itself: ended, failed, waiting and rare ones."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

RARE = "bench_rare"
"""A job and a queue of 40 runs, all of them old."""
PLACES = {"jobs": 32, "users": 200, "schedules": 20, "workers": 4, "days": 10}
LIVE = 70_000
CHUNK = 125_000
HANDS = min(4, os.cpu_count() or 1)
TABLES = ("jobs_run", "django_celery_results_taskresult", "jobs_logchunk")
SMALL_TABLES = ("jobs_hourtally", "jobs_minutetally", "jobs_worker", "auth_user", "django_celery_beat_periodictask")
TALLIES = {"hour": "8 days", "minute": "26 hours"}
FULL_PERCENT = 80
"""How full the pages of runs are: as those of a table that has been written, vacuumed and pruned for long (about 78).

Pages filled to the brim have room for one small run or none: each new run would be read and written with a page of its
own, which no table that lives on comes near to.
"""
# Nothing is to be lost that can't be made again.
_WHILE_LOADING = {
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_wal_size": "'4GB'",
    "checkpoint_timeout": "'1h'",
}
_SESSION = (
    "SET synchronous_commit = off; SET maintenance_work_mem = '1GB'; SET work_mem = '256MB';"
    " SET session_replication_role = replica"
)
_FOLDER = Path(__file__).parent
_INDEXES = (
    "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s"
    " AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = indexname)"
)


def make(url: str, rows: int, *, live: int = LIVE) -> None:
    """Make so many runs, `live` of them unfinished, with results, logs, tallies, owners and schedules.

    The server must be the benchmark's own: while it loads, a crash would lose everything.
    """
    ends = {"rows": rows, "live": min(live, rows // 14), "now": datetime.now(UTC).isoformat()}
    places: dict[str, Any] = {**PLACES, "rare": RARE, **ends}
    with _loading(url), psycopg.connect(url, autocommit=True) as connection:
        dropped = [index for table in TABLES for index in connection.execute(_INDEXES, [table]).fetchall()]
        # Building them at the end takes a fraction of the time.
        for name, _ in dropped:
            connection.execute(f'DROP INDEX "{name}"')
        connection.execute(f"ALTER TABLE jobs_run SET (fillfactor = {FULL_PERCENT})")
        connection.execute(_sql("people").format_map(places))
        chunks = [{"first": first, "last": min(rows, first + CHUNK - 1)} for first in range(1, rows + 1, CHUNK)]
        runs = _sql("runs")
        _at_once(
            url, (runs.format_map({**places, **chunk}) for chunk in chunks), before=_sql("clock").format_map(places)
        )
        connection.execute("ALTER TABLE jobs_run RESET (fillfactor)")
        # What is in the condition of an index makes it small, and quick to build.
        _at_once(url, sorted((definition for _, definition in dropped), key=lambda words: " WHERE " in words))
        tallies = [_sql("tallies").format(unit=unit, span=span) for unit, span in TALLIES.items()]
        _at_once(url, [*(f"VACUUM (ANALYZE) {table}" for table in TABLES), *tallies])
        connection.execute("INSERT INTO jobs_counteduntil (id, at, recounted) VALUES (1, now(), 0)")
        connection.execute(f"VACUUM (ANALYZE) {', '.join(SMALL_TABLES)}")


def leave_history(url: str) -> None:
    """Delete what is unfinished, and end the workers and schedules that were made up, so that others can work there."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "DELETE FROM jobs_logchunk AS log USING jobs_run AS run WHERE run_id = run.id AND finished_at IS NULL"
        )
        connection.execute("DELETE FROM jobs_run WHERE finished_at IS NULL")
        connection.execute("UPDATE jobs_worker SET stopped_at = now()")
        connection.execute("UPDATE django_celery_beat_periodictask SET enabled = false")
        # All that was deleted, or autovacuum would be measured along.
        connection.execute("SET maintenance_work_mem = '1GB'")
        for table in TABLES:
            connection.execute(f"VACUUM (ANALYZE) {table}")


@contextmanager
def _loading(url: str) -> Iterator[None]:
    """Let the server write as if nothing could crash; afterwards all is on the disk and it is careful again."""
    with psycopg.connect(url, autocommit=True) as connection:
        for name, value in _WHILE_LOADING.items():
            connection.execute(f"ALTER SYSTEM SET {name} = {value}")
        connection.execute("SELECT pg_reload_conf()")
        try:
            yield
        finally:
            for name in _WHILE_LOADING:
                connection.execute(f"ALTER SYSTEM RESET {name}")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute("CHECKPOINT")
            os.sync()


def _at_once(url: str, statements: Iterable[str], *, before: str = "") -> None:
    """Execute the statements in as many sessions as there are processors, each of which says `before` first."""
    waiting = deque(statements)
    with ThreadPoolExecutor(HANDS) as hands:
        try:
            for each in [hands.submit(_execute_all, url, waiting, before) for _ in range(HANDS)]:
                each.result()
        finally:
            # Who is told to stop waits for no more than what is under way.
            waiting.clear()


def _execute_all(url: str, waiting: deque[str], before: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_SESSION)
        if before:
            connection.execute(before)
        with suppress(IndexError):
            while True:
                connection.execute(waiting.popleft())


def _sql(name: str) -> str:
    return (_FOLDER / f"history_{name}.sql").read_text()
