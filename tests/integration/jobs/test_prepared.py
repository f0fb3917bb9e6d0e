"""Statements are prepared where the session is the server's, and nowhere else."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from jobs import prepared
from tests.plugins.polling import poll
from tests.soak.own_server import free_port

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def on_postgres() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite prepares all statements by itself")


@pytest.fixture
def pooled(tmp_path: Path) -> Iterator[psycopg.Connection]:
    """Yield a connection through a pooler that lends a session for a transaction."""
    pgbouncer = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if pgbouncer is None:
        pytest.skip("no pgbouncer here")
    told, port = connection.get_connection_params(), free_port()
    server = f"host={told.get('host', '127.0.0.1')} port={told.get('port', 5432)} dbname={told['dbname']}"
    (tmp_path / "users").write_text(f'"{told["user"]}" "{told.get("password", "")}"\n')
    (tmp_path / "ini").write_text(
        f"[databases]\nd = {server}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = trust\nauth_file = {tmp_path}/users\npool_mode = transaction\n"
    )
    for path in (tmp_path, tmp_path / "ini", tmp_path / "users"):
        path.chmod(0o755)
    process = subprocess.Popen([pgbouncer, "-q", "-u", "nobody", str(tmp_path / "ini")], stderr=subprocess.DEVNULL)
    url = f"host=127.0.0.1 port={port} dbname=d user={told['user']}"

    def connected() -> psycopg.Connection | None:
        try:
            return psycopg.connect(url, autocommit=True, prepare_threshold=None)
        except psycopg.OperationalError:
            return None

    try:
        through = poll(connected, within=20)
        assert through
        with through:
            yield through
    finally:
        process.terminate()
        process.wait(10)


def test_a_statement_is_planned_once_for_the_session() -> None:
    statement = "SELECT %s + 1 AS planned_once"
    for number in range(3):
        with prepared.cursor() as cursor:
            cursor.execute(statement, [number])
            assert cursor.fetchone() == (number + 1,)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%planned_once'")
        assert cursor.fetchone() == (1,)


def test_times_are_read_as_django_reads_them() -> None:
    statement = "SELECT '2026-11-30 18:53:50.25+01'::timestamptz AS a_time"
    found = []
    for make in (prepared.cursor, connection.cursor):
        with make() as cursor:
            cursor.execute(statement)
            found += cursor.fetchone()
    assert found == [datetime(2026, 11, 30, 17, 53, 50, 250_000, tzinfo=UTC)] * 2
    assert [time.tzinfo for time in found] == [UTC, UTC]


@pytest.mark.django_db(transaction=True)
def test_a_session_has_one_cursor_and_the_next_session_another() -> None:
    cursors = []
    for _ in range(2):
        for _ in range(2):
            with prepared.cursor() as cursor:
                cursor.execute("SELECT 1")
                cursors.append(cursor.cursor)
        connection.close()
    first, again, other, _ = cursors
    assert first is again and first is not other
    assert first.connection.closed and other.connection is not first.connection


def test_behind_a_pooler_nothing_is_prepared(pooled: psycopg.Connection) -> None:
    assert prepared._allow(pooled) is False
    assert pooled.prepare_threshold is None
