"""The test database: on SQLite a file, so that processes see what the test sees; on a server, a name of its own.

Migrated once in a run and copied from then on: for every xdist worker, and for tests that want one of their own.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker, blocking_manager_key

from tests.plugins.environment import SCRATCH

MIGRATED = SCRATCH.parent / "migrated"
LARGEST = "SELECT max(pg_relation_size(oid)) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
MOST_LEFT_BYTES = 500_000


@pytest.fixture(scope="session")
def migrated_database(django_db_blocker: DjangoDbBlocker) -> str:
    """Name a migrated database that nothing uses, to be copied; the first process to ask makes it for all."""
    with (SCRATCH.parent / "migrating").open("w") as one_at_a_time, django_db_blocker.unblock():
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        if not MIGRATED.exists():
            name = create_database("migrated")
            with connected_to(name):
                call_command("migrate", verbosity=0, run_syncdb=True)
            MIGRATED.write_text(name)
    return MIGRATED.read_text()


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, migrated_database: str, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Lead this process to a copy of its own."""
    with django_db_blocker.unblock():
        name = create_database("tests", template=migrated_database)
        settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name
        if connection.vendor == "postgresql":
            connection.ops.sql_flush = _flush  # type: ignore[method-assign]
    yield
    with django_db_blocker.unblock():
        drop_database(name)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Drop the database that was copied, once nobody is left to copy it."""
    if not hasattr(config, "workerinput") and MIGRATED.exists():
        with config.stash[blocking_manager_key].unblock():
            drop_database(MIGRATED.read_text())


def create_database(name: str, *, template: str = "") -> str:
    """Make an empty database, or a copy of another, and return its name (a path on SQLite)."""
    connection.close()
    if connection.vendor == "sqlite":
        path = str(SCRATCH / f"{name}.sqlite3")
        if template:
            shutil.copy(template, path)
        return path
    full = "_".join(("test", *SCRATCH.parts[-2:], name)).replace("-", "_")
    with server_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{full}"' + (f' TEMPLATE "{template}"' if template else ""))
    return full


def drop_database(name: str) -> None:
    """Remove it."""
    connection.close()
    if connection.vendor == "sqlite":
        for path in Path(name).parent.glob(f"{Path(name).name}*"):
            path.unlink()
        return
    with server_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def connected_to(name: str) -> Iterator[None]:
    """Make this process's connection lead to another database."""
    home = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = home


def _flush(style: Any, tables: Sequence[str], **options: bool) -> list[str]:
    """Return what empties the tables of PostgreSQL: truncating begins hundreds of files anew, each written to the disk.

    Rows that are deleted leave their room behind, and large tables are read by other plans: those are truncated.
    """
    with connection.cursor() as cursor:
        cursor.execute(LARGEST)
        if cursor.fetchone()[0] > MOST_LEFT_BYTES:
            return type(connection.ops).sql_flush(connection.ops, style, tables, **options)
    # Twice, as triggers note what goes.
    return ["; ".join(f'DELETE FROM "{table}"' for table in tables)] * 2


def server_cursor() -> Any:
    return connection.creation._nodb_cursor()  # type: ignore[attr-defined]
