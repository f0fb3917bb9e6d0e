"""Good ends of runs and the results that go with them, written together: many in one statement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django_celery_results.models import TaskResult

from jobs import faultpoints, prepared
from jobs.dialect import array_of, own_uuid
from jobs.ledger.fence import Fence, Usage

Answer = Mapping[str, Any]
# Every column of a stored result but its number: what the backend fills in.
ANSWER_COLUMNS = [field.attname for field in TaskResult._meta.concrete_fields if not field.primary_key]  # noqa: SLF001 - Django's documented API
_UPDATED = [column for column in ANSWER_COLUMNS if column not in ("task_id", "date_created")]
_SUCCEEDED = (
    "state = 'SUCCESS', concurrency_slot = NULL, waits_for = '', error_kind = '', error_message = '', "
    "error_fingerprint = ''"
)
# Of the results that are stored together these columns differ; all others are alike, and sent once.
_OWN = ("task_id", "task_args", "task_kwargs", "result", "meta")
_OWN_OF_NONE = (None,) * len(_OWN)
_DATES = ("date_created", "date_done")
_ALIKE = [column for column in ANSWER_COLUMNS if column not in (*_OWN, *_DATES)]
_NO_ANSWER = (None,) * len(_ALIKE)
# Run and result in one statement, so in one transaction and one trip, on PostgreSQL. It must find runs by their ids:
# the index of what is running, empty whenever statistics are taken, looks cheap and would be read once for each end.
_POSTGRES = (
    "WITH ended AS ("  # noqa: S608 - constants
    f"UPDATE jobs_run AS run SET {_SUCCEEDED}, started_at = COALESCE(done.started_at, run.started_at), "
    "finished_at = done.finished_at, cpu_seconds = done.cpu_seconds, max_rss = done.max_rss "
    "FROM unnest(%s::uuid[], %s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::float8[], %s::bigint[], "
    f"{', '.join('%s::text[]' for _ in _OWN)}) "
    f"AS done (id, token, started_at, finished_at, cpu_seconds, max_rss, {', '.join(_OWN)}) "
    "WHERE run.id = done.id AND run.token = done.token AND run.state || '' = 'RUNNING' "
    f"RETURNING run.id, done.finished_at, {', '.join(f'done.{name}' for name in _OWN)}), "
    f"stored AS (INSERT INTO {TaskResult._meta.db_table} ({', '.join((*_OWN, *_DATES, *_ALIKE))}) "  # noqa: SLF001 - as above
    f"SELECT {', '.join(_OWN)}, finished_at, finished_at, {', '.join('%s' for _ in _ALIKE)} "
    "FROM ended WHERE task_id IS NOT NULL "
    f"ON CONFLICT (task_id) DO UPDATE SET {', '.join(f'{name} = EXCLUDED.{name}' for name in _UPDATED)}) "
    "SELECT id FROM ended"
)
_SQLITE = (
    f"UPDATE jobs_run SET {_SUCCEEDED}, started_at = COALESCE(%s, started_at), finished_at = %s, "  # noqa: S608 - constants
    "cpu_seconds = %s, max_rss = %s WHERE id = %s AND token = %s AND state = 'RUNNING'"
)


class Success(NamedTuple):
    """The good end of one attempt, with the result to store, dated alike: its columns, None where nobody wants one."""

    fence: Fence
    finished_at: datetime
    usage: Usage
    answer: Answer | None = None


def succeed_many(ends: Sequence[Success]) -> set[UUID]:
    """Finish running runs with SUCCESS and store their results; returns the runs whose fence still held."""
    return _in_few_statements(ends) if connection.vendor == "postgresql" else _one_by_one(ends)


def store_answers(answers: Sequence[Answer]) -> None:
    """Insert results, or write them over what the same tasks stored before."""
    rows = [TaskResult(**answer) for answer in answers]
    TaskResult.objects.bulk_create(rows, update_conflicts=True, unique_fields=["task_id"], update_fields=_UPDATED)


def _in_few_statements(ends: Sequence[Success]) -> set[UUID]:
    alike: defaultdict[tuple[Any, ...], list[Success]] = defaultdict(list)
    for end in ends:
        alike[tuple(end.answer[name] for name in _ALIKE) if end.answer else _NO_ANSWER].append(end)
    with transaction.atomic() if len(alike) > 1 else nullcontext():
        return {run_id for shared, group in alike.items() for (run_id,) in _in_one_statement(group, shared)}


def _in_one_statement(ends: Sequence[Success], shared: Sequence[Any]) -> list[tuple[UUID]]:
    rows = [
        (e.fence.run_id, e.fence.token, e.usage.started_at, e.finished_at, *_used(e), *_own(e.answer)) for e in ends
    ]
    with prepared.cursor() as cursor:
        cursor.execute(_POSTGRES, [*map(array_of, zip(*rows, strict=True)), *shared])
        return list(cursor.fetchall())


def _one_by_one(ends: Sequence[Success]) -> set[UUID]:
    """Write each end with a statement of its own: SQLite is a call away and not a round trip."""
    adapt = connection.ops.adapt_datetimefield_value
    held = set()
    with transaction.atomic(), connection.cursor() as cursor:
        for end in ends:
            times = [adapt(time) for time in (end.usage.started_at, end.finished_at)]
            cursor.execute(_SQLITE, [*times, *_used(end), own_uuid(end.fence.run_id), end.fence.token])
            if cursor.rowcount:
                held.add(end.fence.run_id)
        faultpoints.reach("in settle")
        answers = [end.answer for end in ends if end.answer is not None and end.fence.run_id in held]
        if answers:
            store_answers(answers)
    return held


def _used(end: Success) -> tuple[float | None, int | None]:
    return end.usage.cpu_seconds, end.usage.max_rss


def _own(answer: Answer | None) -> Iterable[str | None]:
    return [answer[name] for name in _OWN] if answer else _OWN_OF_NONE
