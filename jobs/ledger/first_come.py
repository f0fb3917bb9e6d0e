"""A run's row, inserted unless another that was there first has its id, its tick or its unique key."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from django.db import connection, models

from jobs import prepared
from jobs.models import Run

_FIELDS = Run._meta.concrete_fields  # noqa: SLF001 - Django's documented API
_INSERT = (
    f"INSERT INTO jobs_run ({', '.join(str(field.column) for field in _FIELDS)}) "  # noqa: S608 - constants
    f"VALUES ({', '.join(('%s',) * len(_FIELDS))}) ON CONFLICT DO NOTHING"
)
# What both drivers take as it is; psycopg ids and times, too.
_PLAIN = (models.CharField, models.IntegerField, models.FloatField, models.BooleanField)
_PLAIN_POSTGRES = (*_PLAIN, models.UUIDField, models.DateTimeField)

_Adapter = Callable[[Any], Any]


def insert_if_first(run: Run) -> bool:
    """Insert the run; False when another row keeps it out."""
    given = run.__dict__
    values = [
        value if adapt is None or value is None else adapt(value)
        for value, adapt in ((given[name], adapt) for name, adapt in _adapters(connection.vendor))
    ]
    with prepared.cursor() as cursor:
        cursor.execute(_INSERT, values)
        return bool(cursor.rowcount)


@cache
def _adapters(vendor: str) -> list[tuple[str, _Adapter | None]]:
    """Return every column with what turns its value into the database's, where the driver doesn't."""
    plain = _PLAIN_POSTGRES if vendor == "postgresql" else _PLAIN
    return [(field.attname, None if isinstance(_own(field), plain) else _adapter(field)) for field in _FIELDS]


def _own(field: models.Field[Any, Any]) -> models.Field[Any, Any]:
    return field.target_field if isinstance(field, models.ForeignKey) else field


def _adapter(field: models.Field[Any, Any]) -> _Adapter:
    return partial(field.get_db_prep_save, connection=connection)
