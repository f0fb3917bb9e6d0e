"""Procrastinate: PostgreSQL is queue and history."""

from __future__ import annotations

import os

import psycopg
from procrastinate import App, PsycopgConnector, SyncPsycopgConnector

from bench.peers.marking import mark_async, wait_and_mark_async

_URL = os.environ["BENCH_POSTGRES"]
app = App(connector=PsycopgConnector(conninfo=_URL))
JOBS = {"noop": app.task(name="noop")(mark_async), "io": app.task(name="io")(wait_and_mark_async)}


def prepare() -> None:
    """Make the tables, empty."""
    with psycopg.connect(_URL, autocommit=True) as connection:
        row = connection.execute("SELECT to_regclass('procrastinate_jobs')").fetchone()
        if not row or not row[0]:
            with app.with_connector(SyncPsycopgConnector(conninfo=_URL)).open() as opened:
                opened.schema_manager.apply_schema()
        connection.execute("TRUNCATE procrastinate_jobs CASCADE")


def enter() -> None:
    """Connect."""
    app.open()


def leave() -> None:
    """Disconnect."""
    app.close()


def enqueue(kind: str, asked_at: float = 0.0) -> None:
    """Enqueue one job."""
    JOBS[kind].defer(asked_at=asked_at)


def enqueue_many(kind: str, count: int) -> None:
    """Enqueue many jobs at once."""
    JOBS[kind].batch_defer(*({"asked_at": 0.0} for _ in range(count)))
