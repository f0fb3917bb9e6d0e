"""Fresh runs' rows, written without the ORM: it asks each of fifty columns what it is, row by row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from django.db import connection, models

from jobs import prepared
from jobs.dialect import own_uuid
from jobs.models import Run

# What no fresh run differs in: NULL where nothing is said.
_ALIKE: dict[str, Any] = {
    "attempt": 0,
    "token": 0,
    "waits_for": "",
    "rate_reserved": False,
    "error_kind": "",
    "error_message": "",
    "error_fingerprint": "",
    "attempts": "[]",
    "reason": "",
}
_EMPTY = (
    *("schedule", "worker", "process_id", "concurrency_slot", "started_at", "finished_at", "cancel_requested_at"),
    *("progress", "checkpoint", "cpu_seconds", "max_rss", "resolved_at"),
)
_GIVEN = [field for field in Run._meta.concrete_fields if field.name not in (*_ALIKE, *_EMPTY)]  # noqa: SLF001 - Django's documented API
_COLUMNS = ", ".join((*(str(field.column) for field in _GIVEN), *_ALIKE))
_PLACES = ", ".join(("%s",) * len(_GIVEN))
_INSERT = (
    f"INSERT INTO jobs_run ({_COLUMNS}) VALUES ({_PLACES}, "  # noqa: S608 - constants
    f"{', '.join(str(value).upper() if value is False else repr(value) for value in _ALIKE.values())})"
)
_COPY = f"COPY jobs_run ({_COLUMNS}) FROM STDIN"

_Adapter = Callable[[Any], Any]
_Adapters = list[tuple[str, _Adapter | None]]


def insert(run: Run) -> None:
    """Insert a run whose id is fresh and that no guard can refuse."""
    with prepared.cursor() as cursor:
        cursor.execute(_INSERT, _values(run, _adapters(cursor.db.vendor)))


def insert_all(runs: Sequence[Run]) -> None:
    """Insert many such runs."""
    adapters = _adapters(connection.vendor)
    rows = [_values(run, adapters) for run in runs]
    if connection.vendor != "postgresql":
        with connection.cursor() as cursor:
            cursor.executemany(_INSERT, rows)
        return
    alike = list(_ALIKE.values())
    raw: Any
    with connection.cursor() as raw, connection.wrap_database_errors, raw.copy(_COPY) as copy:
        for row in rows:
            copy.write_row(row + alike)


def _values(run: Run, adapters: _Adapters) -> list[Any]:
    given = run.__dict__
    return [
        value if adapt is None or value is None else adapt(value)
        for value, adapt in ((given[name], adapt) for name, adapt in adapters)
    ]


@cache
def _adapters(vendor: str) -> _Adapters:
    """Return the given columns, each with what turns its value into the database's, where the driver doesn't."""
    return [(field.attname, _adapter(field, vendor)) for field in _GIVEN]


def _adapter(field: models.Field[Any, Any], vendor: str) -> _Adapter | None:
    match field.target_field if isinstance(field, models.ForeignKey) else field:
        case models.UUIDField() | models.DateTimeField() if vendor == "postgresql":
            return None
        case models.UUIDField():
            return own_uuid
        case models.DateTimeField():
            return connection.ops.adapt_datetimefield_value
        case models.TextField():
            return field.get_prep_value
        case _:
            return None
