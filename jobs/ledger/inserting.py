"""Runs' rows, written without the ORM: it asks each of fifty columns what it is, row by row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connection, connections, models

from jobs import prepared
from jobs.dialect import own_uuid
from jobs.ledger.bells import set_with
from jobs.models import Run
from jobs.models.run import Cause
from jobs.states import State

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
# What most don't differ in either: said in the statement, it is neither turned into bytes nor read again.
_USUAL: dict[str, Any] = {
    "priority": 0,
    "state": State.QUEUED,
    "options": {},
    "owner_id": None,
    "cause": Cause.CODE,
    "fire_at": None,
    "tenant": "",
    "expires_at": None,
    "parent_id": None,
    "root_id": None,
    "unique_key": None,
    "concurrency_key": None,
    "concurrency_limit": 1,
    "rate_key": None,
}
_EVERY = Run._meta.concrete_fields  # noqa: SLF001 - Django's documented API
_GIVEN = [field for field in _EVERY if field.name not in (*_ALIKE, *_EMPTY)]
_INSERT_IF_FIRST = (
    f"INSERT INTO jobs_run ({', '.join(str(field.column) for field in _EVERY)}) "  # noqa: S608 - constants
    f"VALUES ({', '.join(('%s',) * len(_EVERY))}) ON CONFLICT DO NOTHING"
)
_COPY = f"COPY jobs_run ({', '.join((*(str(field.column) for field in _GIVEN), *_ALIKE))}) FROM STDIN"
# From here PostgreSQL counts time.
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_Adapter = Callable[[Any], Any]
_Adapters = list[tuple[str, _Adapter | None]]
_Fields = Sequence["models.Field[Any, Any]"]


class _Sent(NamedTuple):
    """How PostgreSQL is sent a value: as text (0), or in binary form (1), where a text may not be cut at a NUL."""

    format: int
    encode: Callable[[Any], bytes]


class _Form(NamedTuple):
    """A statement that inserts one run, for a cursor and for libpq; it says the columns that are not given.

    `with_bell` sets the run's bell, too, and counts that instead of the run.
    """

    given: _Fields
    text: str
    statement: prepared.Statement
    with_bell: prepared.Statement
    encoders: list[tuple[str, Callable[[Any], bytes]]]


def insert(run: Run, *, sets_bell: bool = False) -> bool:
    """Insert a run whose id is fresh and that no guard can refuse; whether the wish to set its bell was fulfilled.

    The bell of a run with an owner or a parent is left alone: the insert may wait for a lock of theirs, and everybody
    who rings for the job would wait with it.
    """
    form = _BRIEF if _usual_of(run.__dict__) == _AS_USUAL else _FULL
    ours: Any = connections[DEFAULT_DB_ALIAS]
    if ours.vendor == "postgresql" and not ours.in_atomic_block:
        sets_bell = sets_bell and run.owner_id is None and run.parent_id is None
        changed = prepared.sent(ours, form.with_bell if sets_bell else form.statement, _bytes(run, form))
        if changed is not None:
            return sets_bell and changed > 0
    with prepared.cursor() as cursor:
        cursor.execute(form.text, _values(run, _adapters(ours.vendor, "usual" if form is _BRIEF else "given")))
    return False


def insert_if_first(run: Run) -> bool:
    """Insert any run; False when another row that was there first has its id, its tick or its unique key."""
    with prepared.cursor() as cursor:
        cursor.execute(_INSERT_IF_FIRST, _values(run, _adapters(connection.vendor, "every")))
        return bool(cursor.rowcount)


def insert_all(runs: Sequence[Run]) -> None:
    """Insert many such runs."""
    adapters = _adapters(connection.vendor)
    rows = [_values(run, adapters) for run in runs]
    if connection.vendor != "postgresql":
        with connection.cursor() as cursor:
            cursor.executemany(_FULL.text, rows)
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
def _adapters(vendor: str, which: str = "given") -> _Adapters:
    """Return those columns, each with what turns its value into the database's, where the driver doesn't."""
    fields = {"usual": _BRIEF.given, "given": _GIVEN, "every": _EVERY}[which]
    return [(field.attname, _adapter(field, vendor)) for field in fields]


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
        case models.JSONField():
            return partial(field.get_db_prep_save, connection=connection)
        case _:
            return None


def _bytes(run: Run, form: _Form) -> list[bytes | None]:
    given = run.__dict__
    return [None if (value := given[name]) is None else encode(value) for name, encode in form.encoders]


def _sent(field: models.Field[Any, Any]) -> _Sent:
    match field.target_field if isinstance(field, models.ForeignKey) else field:
        case models.UUIDField():
            return _Sent(1, attrgetter("bytes"))
        case models.DateTimeField():
            return _Sent(1, lambda at: ((at - _EPOCH) // _MICROSECOND).to_bytes(8, signed=True))
        case models.TextField() as text:
            return _Sent(1, lambda value: str(text.get_prep_value(value)).encode())
        case models.CharField():
            return _Sent(1, str.encode)
        case _:
            return _Sent(0, lambda value: str(value).encode())


def _form(name: str, given: _Fields, said: Mapping[str, Any]) -> _Form:
    columns = ", ".join((*(str(field.column) for field in given), *said))
    insert = f"INSERT INTO jobs_run ({columns}) VALUES (%s, {', '.join(map(_literal, said.values()))})"  # noqa: S608 - constants
    sent = [_sent(field) for field in given]
    formats = [each.format for each in sent]
    places = {field.attname: f"${number + 1}" for number, field in enumerate(given)}
    numbered = insert % ", ".join(places.values())
    return _Form(
        given,
        insert % ", ".join(("%s",) * len(given)),
        prepared.Statement(f"daybook_{name}".encode(), numbered.encode(), formats),
        prepared.Statement(f"daybook_{name}_and_bell".encode(), set_with(numbered, **places).encode(), formats),
        [(field.attname, each.encode) for field, each in zip(given, sent, strict=True)],
    )


def _literal(value: Any) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).upper()
        case dict():
            return "'{}'"
        case _:
            return repr(value if isinstance(value, int) else str(value))


_usual_of, _AS_USUAL = itemgetter(*_USUAL), tuple(_USUAL.values())
_FULL = _form("insert_run", _GIVEN, _ALIKE)
_BRIEF = _form("insert_usual_run", [field for field in _GIVEN if field.attname not in _USUAL], {**_USUAL, **_ALIKE})
