"""What the dispatcher and the broker's side note on waiting runs: due, published, not published, why it waits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from jobs.dialect import claimable
from jobs.ledger.rows import columns, first_of
from jobs.models import Run
from jobs.states import UNFINISHED, State

PARKED = "parked: "
# In the words of the index of keyed runs, without which SQLite reads the whole table.
_UNFINISHED = ", ".join(repr(str(state)) for state in sorted(UNFINISHED))
# Asks of the row again what was asked in finding it: whoever has changed it meanwhile has taken it to send its message.
_FIRST_WAITING = (
    "UPDATE jobs_run SET published_at = %(now)s WHERE state = 'QUEUED' AND published_at IS NULL AND id = ("  # noqa: S608 - constants
    "SELECT id FROM jobs_run WHERE state = 'QUEUED' AND published_at IS NULL AND run_at <= %(now)s "
    f"AND concurrency_key = %(key)s AND state IN ({_UNFINISHED}) "
    f"ORDER BY priority DESC, created_at, id LIMIT 1) RETURNING {columns()}"
)
_SHORTEST_PARKING, _LONGEST_PARKING = timedelta(seconds=10), timedelta(seconds=60)


def release_due(*, now: datetime, limit: int) -> int:
    """Move scheduled and retrying runs whose time has come to QUEUED, to be published; returns how many."""
    due = Run.objects.timed().filter(run_at__lte=now, waits_for="")
    # Asked first: on SQLite a transaction takes the only write lock, even to find nothing.
    if not due.any_in_order("run_at"):
        return 0
    with transaction.atomic():
        ids = list(claimable(due.order_by("run_at")).values_list("pk", flat=True)[:limit])
        return Run.objects.timed().filter(pk__in=ids).update(state=State.QUEUED, published_at=None)


def release(run_id: UUID, *, now: datetime) -> bool:
    """Move one due run to QUEUED for the process that asks; as if published, so that no other is rung for it."""
    due = Run.objects.timed().filter(pk=run_id, run_at__lte=now, waits_for="")
    return bool(due.update(state=State.QUEUED, published_at=now))


def mark_published(ids: Sequence[UUID], *, now: datetime) -> None:
    """Note that these queued runs have a message at the broker (or are about to)."""
    Run.objects.filter(pk__in=ids, state=State.QUEUED).update(published_at=now)


def publish_next(concurrency_key: str, *, now: datetime) -> Run | None:
    """Note that the first run that waits for the key's slot is about to have a message, and return it."""
    return first_of(_FIRST_WAITING, {"key": concurrency_key, "now": connection.ops.adapt_datetimefield_value(now)})


def mark_unpublished(ids: Sequence[UUID], *, reason: str = "") -> None:
    """Note that these queued runs have no message; the dispatcher sends one as soon as it can."""
    Run.objects.filter(pk__in=ids, state=State.QUEUED).update(published_at=None, reason=reason[:200])


def note_waiting(run_id: UUID | str, *, reason: str) -> None:
    """Note why a queued run waits; changes nothing else."""
    Run.objects.filter(pk=run_id, state=State.QUEUED).update(reason=reason[:200])


def park(run_id: UUID | str, *, now: datetime, reason: str) -> None:
    """Set a queued run aside that no worker here can perform: it gets another message later, the others go ahead.

    The longer it has waited, the longer it is left alone: a sixth of its age, but at most a minute.
    """
    queued = Run.objects.filter(pk=run_id, state=State.QUEUED)
    for run in queued.only("created_at"):
        wait = min(max((now - run.created_at) / 6, _SHORTEST_PARKING), _LONGEST_PARKING)
        queued.update(published_at=None, run_at=now + wait, reason=f"{PARKED}{reason}"[:200])
