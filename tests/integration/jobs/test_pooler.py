"""Behind a PgBouncer that lends a session for one transaction only: bounds hold for us alone, and iterating works."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.contrib.auth.models import Group
from django.db import OperationalError, connection, transaction
from django.db.backends.signals import connection_created

from jobs.dialect import bound_sessions, has_pooler, is_database_fault, sign_sessions
from tests.soak import pooler

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("PL-4")]


@pytest.fixture
def pooled(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Lead this process's connection through a pooler with so many sessions; return its URL, for other clients."""
    if connection.vendor != "postgresql":
        pytest.skip("a pooler before PostgreSQL")
    if pooler.PROGRAM is None:
        pytest.skip("no pgbouncer on this machine")
    monkeypatch.setattr(pooler, "SESSIONS", getattr(request, "param", 1))
    base = os.environ["DATABASE_URL"].rpartition("/")[0]
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        server = pooler.PgBouncer(Path(folder) / "p", f"{base}/{connection.settings_dict['NAME']}")
        server.start()
        place = {"HOST": "127.0.0.1", "PORT": server.port, "DISABLE_SERVER_SIDE_CURSORS": True}
        connection.close()
        try:
            with monkeypatch.context() as patched:
                for name, value in place.items():
                    patched.setitem(connection.settings_dict, name, value)
                yield server.url
                connection.close()
        finally:
            connection_created.disconnect(dispatch_uid="daybook bounds")
            connection.execute_wrappers.clear()
            server.stop()


def shown(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [name])
        return str(cursor.fetchone()[0])


def test_bounds_hold_in_every_transaction_and_outlast_none(pooled: str) -> None:
    assert has_pooler()
    bound_sessions(lock_seconds=1.5, statement_seconds=2)
    with psycopg.connect(pooled, autocommit=True, prepare_threshold=None) as other:

        def theirs() -> tuple[str, ...]:
            row = other.execute(
                "SELECT current_setting('lock_timeout'), current_setting('statement_timeout')"
            ).fetchone()
            assert row
            return tuple(row)

        assert shown("lock_timeout") == "1500ms"
        assert theirs() == ("0", "0")
        with transaction.atomic():
            Group.objects.create(name="kept")
            assert [shown("lock_timeout"), shown("statement_timeout")] == ["1500ms", "2s"]
            assert shown("idle_in_transaction_session_timeout") == "2s"
        assert theirs() == ("0", "0")
        with pytest.raises(OperationalError, match="statement timeout") as raised, connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(20)")
    assert is_database_fault(raised.value)
    assert not connection.in_atomic_block
    assert Group.objects.filter(name="kept").exists()


@pytest.mark.parametrize("pooled", [2], indirect=True)
def test_many_rows_are_gone_through_while_another_has_the_session_they_began_in(pooled: str) -> None:
    Group.objects.bulk_create(Group(name=f"row {n}") for n in range(25))
    rows = Group.objects.filter(name__startswith="row ").iterator(chunk_size=10)
    next(rows)
    with psycopg.connect(pooled, prepare_threshold=None) as other:
        other.execute("SELECT 1")
        assert sum(1 for _ in rows) == 24


@pytest.mark.usefixtures("pooled")
def test_what_a_node_has_open_is_cut_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    options = dict(connection.settings_dict["OPTIONS"])
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)
    sign_sessions("daybook of this test")
    with pytest.raises(OperationalError):
        write_while_cut("daybook of this test")
    assert not Group.objects.filter(name__startswith="never").exists()


@transaction.atomic
def write_while_cut(name: str) -> None:
    """Write before and after the session of that name is ended by another."""
    Group.objects.create(name="never committed")
    base = os.environ["DATABASE_URL"].rpartition("/")[0]
    with psycopg.connect(f"{base}/{connection.settings_dict['NAME']}", autocommit=True) as direct:
        named = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"
        assert direct.execute(named, [name]).fetchall() == [(True,)]
    Group.objects.create(name="never reached")
