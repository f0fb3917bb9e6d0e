"""CHECK constraints dropped from a live table that pays for them at each row, while its model goes on to keep them."""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations.base import Operation, OperationCategory


class WithoutChecksLive(Operation):
    """Drop the CHECKs of these columns of a model's table; SQLite, where that would copy the table, keeps its own."""

    reduces_to_sql = True
    reversible = True
    category = OperationCategory.REMOVAL

    def __init__(self, model_name: str, columns: tuple[str, ...]) -> None:
        """Name the model and the columns."""
        self.model_name, self.columns = model_name, columns

    @property
    def model_name_lower(self) -> str:
        """The model's name as the state of migrations knows it."""
        return self.model_name.lower()

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Leave the model as it is: its forms go on to refuse what the database no longer does."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Drop those that are there: a moment's lock, whatever the table's size."""
        self._alter(schema_editor, to_state.apps.get_model(app_label, self.model_name), "DROP CONSTRAINT IF EXISTS {}")

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Add them again, for what is written from now on; then look at what is there, beside those who write."""
        model = to_state.apps.get_model(app_label, self.model_name)
        added = "DROP CONSTRAINT IF EXISTS {0}, ADD CONSTRAINT {0} CHECK ({1} >= 0) NOT VALID"
        self._alter(schema_editor, model, added)
        self._alter(schema_editor, model, "VALIDATE CONSTRAINT {}")

    def describe(self) -> str:
        """Return what it does in words."""
        return f"Drop the CHECKs of {', '.join(self.columns)} of {self.model_name}"

    def _alter(self, schema_editor: Any, model: Any, clause: str) -> None:
        if schema_editor.connection.vendor != "postgresql":
            return
        table, quote = model._meta.db_table, schema_editor.quote_name  # noqa: SLF001 - Django's documented API
        # PostgreSQL's own names for a column's constraint, which Django leaves the naming to.
        clauses = [clause.format(quote(f"{table}_{column}_check"), quote(column)) for column in self.columns]
        schema_editor.execute(f"ALTER TABLE {quote(table)} {', '.join(clauses)}")
