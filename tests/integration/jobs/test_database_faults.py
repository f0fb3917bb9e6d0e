"""Real faults of a real database: each is known as one, spends no attempt, and is tried through."""

from __future__ import annotations

import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, Error, IntegrityError, connection, transaction
from django.db.utils import DEFAULT_DB_ALIAS, ConnectionHandler

from jobs import ledger
from jobs.dialect import is_database_fault, patiently
from jobs.outcomes import Again, decide
from jobs.policies import NO_RETRY
from tests.rows import saved_worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("PL-5")]


def needs_postgres() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("a fault of PostgreSQL")


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def terminated() -> None:
    """Lose the connection in the middle of a transaction, as by an administrator or a restart."""
    needs_postgres()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    with psycopg.connect(**server(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])
    execute("SELECT 1")


def server() -> dict[str, Any]:
    """Return how psycopg reaches the test's database."""
    wanted = connection.settings_dict
    return {"host": wanted["HOST"], "port": wanted["PORT"], "user": wanted["USER"], "dbname": wanted["NAME"]}


def away() -> None:
    """Connect to a server that is not there."""
    needs_postgres()
    other = {**connection.settings_dict, "PORT": "1"}
    ConnectionHandler({DEFAULT_DB_ALIAS: other})[DEFAULT_DB_ALIAS].ensure_connection()


def exhausted() -> None:
    """Connect where no connection is left."""
    needs_postgres()
    role = f"crowd_{uuid.uuid4().hex[:8]}"
    execute(f"CREATE ROLE {role} LOGIN CONNECTION LIMIT 0")
    try:
        other = {**connection.settings_dict, "USER": role}
        ConnectionHandler({DEFAULT_DB_ALIAS: other})[DEFAULT_DB_ALIAS].ensure_connection()
    finally:
        execute(f"DROP ROLE {role}")


@contextmanager
def another(work: Callable[[psycopg.Connection[Any]], None]) -> Iterator[None]:
    """Work in a second connection and thread meanwhile."""

    def act() -> None:
        with psycopg.connect(**server()) as other:
            work(other)

    thread = threading.Thread(target=act)
    thread.start()
    yield
    thread.join(30)


def deadlocked() -> None:
    """Wait for a row whose holder waits for ours."""
    needs_postgres()
    first, second = saved_worker(), saved_worker()
    ours, theirs = threading.Event(), threading.Event()
    sql = "UPDATE jobs_worker SET name = 'x' WHERE id = '{}'"

    def work(other: psycopg.Connection[Any]) -> None:
        other.execute("SET deadlock_timeout = '60s'")
        other.execute(sql.format(second.pk))
        theirs.set()
        ours.wait(10)
        other.execute(sql.format(first.pk))

    with another(work), transaction.atomic():
        execute("SET LOCAL deadlock_timeout = '100ms'")
        execute(sql.format(first.pk))
        theirs.wait(10)
        ours.set()
        execute(sql.format(second.pk))


def not_serializable() -> None:
    """Change in a snapshot what another has changed since."""
    needs_postgres()
    row = saved_worker()
    sql = f"UPDATE jobs_worker SET name = 'x' WHERE id = '{row.pk}'"
    with transaction.atomic():
        execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
        execute("SELECT count(*) FROM jobs_worker")
        with psycopg.connect(**server(), autocommit=True) as other:
            other.execute(sql)
        execute(sql)


def locked() -> None:
    """Write to a file whose lock another holds for longer than we wait."""
    if connection.vendor != "sqlite":
        pytest.skip("a fault of SQLite")
    execute("PRAGMA busy_timeout = 50")
    with closing(sqlite3.connect(str(connection.settings_dict["NAME"]), isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        saved_worker()


def unreadable() -> None:
    """Open a file that can't be opened."""
    if connection.vendor != "sqlite":
        pytest.skip("a fault of SQLite")
    other = {**connection.settings_dict, "NAME": str(Path(str(connection.settings_dict["NAME"])) / "below")}
    ConnectionHandler({DEFAULT_DB_ALIAS: other})[DEFAULT_DB_ALIAS].ensure_connection()


FAULTS = [terminated, away, exhausted, deadlocked, not_serializable, locked, unreadable]


def raised_by(fault: Callable[[], None]) -> Error:
    with pytest.raises(Error) as caught:
        fault()
    connection.close()
    return caught.value


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault.__name__))
def test_a_fault_of_the_database_is_tried_through_and_spends_no_attempt(fault: Callable[[], None]) -> None:
    error = raised_by(fault)
    assert is_database_fault(error)
    outcome = decide(error, retry=NO_RETRY, attempt=1, now=ledger.now(), is_infrastructure=is_database_fault(error))
    assert isinstance(outcome, Again) and not outcome.spends
    faults = [error]

    def action() -> str:
        if faults:
            raise faults.pop()
        return "done"

    assert patiently(action, seconds=5, what="a test") == "done"


def test_a_statement_that_is_wrong_is_the_jobs_own_fault() -> None:
    def twice() -> None:
        saved_worker(id=saved_worker().pk)

    with pytest.raises(IntegrityError) as caught:
        twice()
    assert not is_database_fault(caught.value)
    with pytest.raises(DatabaseError) as other:
        execute("SELECT nothing FROM nowhere")
    assert not is_database_fault(other.value)
