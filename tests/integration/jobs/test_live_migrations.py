"""Migrations beside a running installation: no wait for a lock without bounds, and indexes built while others write."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import OperationalError, connection, models, transaction
from django.db.migrations import Migration
from django.db.migrations.state import ProjectState

from jobs import lock_timeout
from jobs.live_checks import WithoutChecksLive
from jobs.live_indexes import AddIndexLive, RemoveIndexLive, WithoutIndexLive

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("PL-5")]

ADDED = AddIndexLive("run", models.Index(fields=["reason"], name="run_of_a_test"))
REMOVED = RemoveIndexLive("run", "run_of_a_test")


@pytest.fixture
def postgres() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("only PostgreSQL has these locks")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX IF EXISTS run_of_a_test")


def applied(operation: Any, *, backwards: bool = False) -> None:
    """Carry out the operation on the database; ours are the models as the code has them now."""
    before, after = ProjectState.from_apps(apps), ProjectState.from_apps(apps)
    if operation is REMOVED:
        ADDED.state_forwards("jobs", before)
    operation.state_forwards("jobs", before.clone() if operation is REMOVED else after)
    with connection.schema_editor(atomic=False) as editor:
        if backwards:
            operation.database_backwards("jobs", editor, after, before)
        else:
            operation.database_forwards("jobs", editor, before, after)


def has_index() -> bool:
    with connection.cursor() as cursor:
        return "run_of_a_test" in connection.introspection.get_constraints(cursor, "jobs_run")


@contextmanager
def reading_for_long() -> Iterator[None]:
    """Hold the table as a long report would, on a connection of its own."""
    held, done = threading.Event(), threading.Event()

    def read() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("LOCK TABLE jobs_run IN ACCESS SHARE MODE")
                held.set()
                done.wait(60)
        finally:
            connection.close()

    reader = threading.Thread(target=read)
    reader.start()
    try:
        assert held.wait(30)
        yield
    finally:
        done.set()
        reader.join(60)


def test_an_index_is_built_and_dropped_and_either_may_be_repeated() -> None:
    applied(ADDED)
    assert has_index()
    if connection.vendor == "postgresql":
        applied(ADDED)
    applied(REMOVED)
    assert not has_index()
    if connection.vendor == "postgresql":
        applied(REMOVED)
    applied(REMOVED, backwards=True)
    assert has_index()
    applied(ADDED, backwards=True)
    assert not has_index()


def test_only_what_finds_a_result_by_its_task_is_indexed_and_the_rest_may_come_back() -> None:
    unread = "django_cele_status_9b6201_idx"
    operation = WithoutIndexLive("django_celery_results", "taskresult", unread)
    assert _indexed_of_results() == {("id",), ("task_id",)}
    applied(operation, backwards=True)
    assert _indexed_of_results() == {("id",), ("task_id",), ("status",)}
    applied(operation)
    assert _indexed_of_results() == {("id",), ("task_id",)}


def test_the_counts_of_a_run_have_no_check_and_may_have_them_again(postgres: None) -> None:
    operation = WithoutChecksLive("run", ("attempt", "max_rss"))
    assert _checks_of_runs() == set()
    applied(operation, backwards=True)
    assert _checks_of_runs() == {("attempt", True), ("max_rss", True)}
    for _ in range(2):
        applied(operation)
        assert _checks_of_runs() == set()


def _checks_of_runs() -> set[tuple[str, bool]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname, convalidated FROM pg_constraint JOIN pg_attribute"
            " ON attrelid = conrelid AND attnum = conkey[1] WHERE contype = 'c' AND conrelid = 'jobs_run'::regclass"
        )
        return set(cursor.fetchall())


def _indexed_of_results() -> set[tuple[str, ...]]:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, "django_celery_results_taskresult")
    return {tuple(each["columns"]) for each in found.values() if each["index"] or each["unique"] or each["primary_key"]}


def test_what_a_build_that_was_cut_off_left_behind_is_built_anew(postgres: None) -> None:
    applied(ADDED)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'run_of_a_test'::regclass")
    applied(ADDED)
    with connection.cursor() as cursor:
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = 'run_of_a_test'::regclass")
        assert cursor.fetchone() == (True,)


def test_a_migration_gives_up_where_a_table_stays_taken(postgres: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock_timeout, "SECONDS", 0.2)
    plan = [(Migration("0099_of_a_test", "jobs"), False)]
    said: dict[str, Any] = {"verbosity": 0, "interactive": False, "db": "default", "plan": plan, "apps": apps}
    with reading_for_long():
        emit_pre_migrate_signal(**said)
        with pytest.raises(OperationalError, match="lock timeout"), connection.cursor() as cursor:
            cursor.execute("ALTER TABLE jobs_run ADD COLUMN of_a_test integer")
    emit_post_migrate_signal(**said)
    assert session_limit() == "0"


def test_a_limit_that_an_operator_has_set_stays(postgres: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '7s'")
    lock_timeout.limit(connection)
    assert session_limit() == "7s"
    lock_timeout.lift(connection)


def session_limit() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        return str(cursor.fetchone()[0])
