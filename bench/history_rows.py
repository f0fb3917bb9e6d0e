"""Runs as ten days of work would leave them, made by the database itself: ended, failed, waiting and rare ones."""

from __future__ import annotations

from pathlib import Path

import psycopg

RARE = "bench_rare"
"""A job and a queue of 40 runs, all of them old."""
PLACES = {"jobs": 32, "users": 200, "schedules": 20, "workers": 4, "days": 10}
LIVE = 70_000
CHUNK = 250_000
TABLES = ("jobs_run", "django_celery_results_taskresult", "jobs_logchunk")
TALLIES = {"hour": "8 days", "minute": "26 hours"}
_FOLDER = Path(__file__).parent
_INDEXES = (
    "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s"
    " AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = indexname)"
)


def make(url: str, rows: int, *, live: int = LIVE) -> None:
    """Make so many runs, `live` of them unfinished, with results, logs, tallies, owners and schedules."""
    places = {**PLACES, "rare": RARE, "rows": rows, "live": min(live, rows // 14)}
    with psycopg.connect(url) as connection:
        connection.execute("SET synchronous_commit = off; SET maintenance_work_mem = '1GB'")
        connection.execute("SET session_replication_role = replica")
        dropped = [index for table in TABLES for index in connection.execute(_INDEXES, [table]).fetchall()]
        # Building them at the end takes a fraction of the time.
        for name, _ in dropped:
            connection.execute(f'DROP INDEX "{name}"')
        connection.execute((_FOLDER / "history_people.sql").read_text().format_map(places))
        statement = (_FOLDER / "history_runs.sql").read_text()
        for first in range(1, rows + 1, CHUNK):
            ends = {"first": first, "last": min(rows, first + CHUNK - 1)}
            connection.execute(statement.format_map({**places, **ends}))
        for _, definition in dropped:
            connection.execute(definition)
        statement = (_FOLDER / "history_tallies.sql").read_text()
        for unit, span in TALLIES.items():
            connection.execute(statement.format(unit=unit, span=span))
        connection.execute("INSERT INTO jobs_counteduntil (id, at, recounted) VALUES (1, now(), 0)")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")
