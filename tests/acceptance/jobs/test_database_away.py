"""The database goes away while a job's body runs: the end waits for it, and nothing is done a second time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test import Client

from jobs.models import Worker
from tests.acceptance.jobs.conftest import Engine
from tests.lingering_jobs import gate, waits_at_gate
from tests.plugins.database import server_cursor
from tests.plugins.polling import poll


@contextmanager
def database_away(engine: Engine) -> Iterator[None]:
    """Let nobody write to the engine's database, on PostgreSQL let nobody connect either."""
    connection.close()
    if connection.vendor == "sqlite":
        with sqlite3.connect(engine.database, isolation_level=None) as holder:
            holder.execute("BEGIN IMMEDIATE")
            yield
            holder.execute("ROLLBACK")
        return
    with server_cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{engine.database}" ALLOW_CONNECTIONS false')
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [engine.database])
    try:
        yield
    finally:
        with server_cursor() as cursor:
            cursor.execute(f'ALTER DATABASE "{engine.database}" ALLOW_CONNECTIONS true')


@pytest.mark.broker
@pytest.mark.req("PL-5")
def test_a_finished_bodys_end_waits_for_a_database_that_is_away(engine: Engine, own_queue: str) -> None:
    worker = engine.start_worker(queues=own_queue, TEST_BUSY_MILLISECONDS="100")
    result = waits_at_gate.apply_async(("away",), queue=own_queue)
    poll(lambda: engine.notes(result, event="begin"), within=20)
    with database_away(engine):
        gate("away").touch()
        poll(lambda: engine.notes(result, event="end"), within=20)
        worker.said(r"database fault, trying again.*settle", within=20)
    run = engine.ended(result)
    assert (run.state, run.attempt, run.token, run.attempts) == ("SUCCESS", 1, 1, [])
    assert result.get(timeout=5) == "away"
    assert len(engine.notes(result, event="begin")) == 1
    assert not Worker.objects.filter(runs=run, lost_at__isnull=False).exists()
    gate("away").unlink()


@pytest.mark.req("SK-11")
def test_readiness_says_that_the_database_is_gone_though_this_process_was_connected(engine: Engine) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("a file doesn't go away")

    def database() -> tuple[int, bool]:
        answer = Client().get("/readyz")
        return answer.status_code, answer.json()["checks"]["database"]["ok"]

    poll(lambda: database() == (200, True), within=30)
    with server_cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{engine.database}" ALLOW_CONNECTIONS false')
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [engine.database])
    try:
        assert database() == (503, False)
    finally:
        with server_cursor() as cursor:
            cursor.execute(f'ALTER DATABASE "{engine.database}" ALLOW_CONNECTIONS true')
        connection.close()
    poll(lambda: database() == (200, True), within=60)
