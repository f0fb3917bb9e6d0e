"""Indexes built and dropped beside a live table: nobody who reads or writes it waits, where the database can do so.

Each can be run again after it was cut off half-way, as a migration without a transaction may be.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db.migrations import AddConstraint, AddIndex, RemoveIndex

_STATE = (
    "SELECT indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
    "WHERE relname = %s AND pg_table_is_visible(pg_class.oid)"
)


class AddIndexLive(AddIndexConcurrently):
    """Add an index to a table in use."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Build it, unless it is there; what a build that was cut off has left is dropped first."""
        connection = schema_editor.connection
        if connection.vendor != "postgresql":
            AddIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)
            return
        is_valid = _state(connection, self.index.name)
        with _waiting_as_long_as_it_takes(connection):
            if is_valid is False:
                schema_editor.execute(f"DROP INDEX CONCURRENTLY {schema_editor.quote_name(self.index.name)}")
            if not is_valid:
                super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Drop it."""
        if schema_editor.connection.vendor == "postgresql":
            with _waiting_as_long_as_it_takes(schema_editor.connection):
                super().database_backwards(app_label, schema_editor, from_state, to_state)
        else:
            AddIndex.database_backwards(self, app_label, schema_editor, from_state, to_state)


class RemoveIndexLive(RemoveIndexConcurrently):
    """Drop an index of a table in use."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Drop it, where it is still there."""
        connection = schema_editor.connection
        if connection.vendor != "postgresql":
            RemoveIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)
        elif _state(connection, self.name) is not None:
            with _waiting_as_long_as_it_takes(connection):
                super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Build it again."""
        if schema_editor.connection.vendor == "postgresql":
            with _waiting_as_long_as_it_takes(schema_editor.connection):
                super().database_backwards(app_label, schema_editor, from_state, to_state)
        else:
            RemoveIndex.database_backwards(self, app_label, schema_editor, from_state, to_state)


class WithoutIndexLive(RemoveIndexLive):
    """Drop an index of another app's table in use, of which that app's own migrations go on to know."""

    def __init__(self, app_label: str, model_name: str, name: str) -> None:
        """Name the app, its model and the index."""
        super().__init__(model_name, name)
        self._app_label = app_label

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Leave the models as that app describes them."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Drop it, where it is still there."""
        super().database_forwards(self._app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Build it again."""
        super().database_backwards(self._app_label, schema_editor, from_state, to_state)


class AddUniqueLive(AddConstraint):
    """Add a unique constraint to a table in use: its index is built first, and then taken for it."""

    constraint: Any

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Build it, unless it is there; what a build that was cut off has left is dropped first."""
        connection, quote = schema_editor.connection, schema_editor.quote_name
        if connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        if _is_there(connection, self.constraint.name):
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        table, name = quote(model._meta.db_table), quote(self.constraint.name)  # noqa: SLF001 - Django's documented API
        columns = ", ".join(quote(model._meta.get_field(field).column) for field in self.constraint.fields)  # noqa: SLF001 - as above
        with _waiting_as_long_as_it_takes(connection):
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            schema_editor.execute(f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} ({columns})")
        schema_editor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE USING INDEX {name}")


def _state(connection: Any, name: str) -> bool | None:
    """Return whether the index is whole; None where there is none of that name."""
    with connection.cursor() as cursor:
        cursor.execute(_STATE, [name])
        row = cursor.fetchone()
    return None if row is None else bool(row[0])


def _is_there(connection: Any, constraint: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_constraint WHERE conname = %s", [constraint])
        return cursor.fetchone() is not None


@contextmanager
def _waiting_as_long_as_it_takes(connection: Any) -> Iterator[None]:
    """Lift the limit on waits for locks: this waits for other transactions to end, and blocks none meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        limit = cursor.fetchone()[0]
        cursor.execute("SET lock_timeout = 0")
        try:
            yield
        finally:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [limit])
