"""Runs come into being: one row or many, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, Value
from django.db.models.functions import Concat, Left

from jobs.dialect import insert_fresh
from jobs.ledger.fence import Fence, now
from jobs.ledger.inserting import insert, insert_all, insert_if_first
from jobs.ledger.limits import locked_bucket
from jobs.models import Run
from jobs.models.run import WaitsFor
from jobs.states import State

_TRIES = 5
_BATCH = 500
_OF_A_REPLACEMENT = (
    "job",
    "queue",
    "args",
    "kwargs",
    "options",
    "run_at",
    "max_attempts",
    "concurrency_key",
    "rate_key",
    "is_packed",
)


def enqueue(run: Run) -> tuple[Run, bool]:
    """Insert the run in the caller's transaction; returns the row in force and whether it is this one.

    A run with the same id, tick or unfinished unique key wins over the new one.
    """
    for _ in range(_TRIES):
        if insert_if_first(run):
            return run, True
        found = Run.objects.filter(pk=run.pk).first()
        if found is not None:
            return found, False
        if run.unique_key is None:
            break
        found = Run.objects.unfinished().filter(unique_key=run.unique_key).first()
        if found is not None:
            return found, False
        # Whoever held the key has ended between the two statements.
    return run, False


def enqueue_new(run: Run, *, sets_bell: bool = False) -> bool:
    """Insert a run whose id is fresh and that no guard can refuse: a single statement.

    That statement sets the run's bell, too, if wished and the database can; True when it did, and one is to be sent.
    """
    return insert(run, sets_bell=sets_bell)


def enqueue_all(runs: Sequence[Run]) -> None:
    """Insert runs whose ids are fresh and that no guard can refuse, in one statement where the database takes it."""
    insert_all(runs)


def enqueue_many(runs: Sequence[Run]) -> list[Run]:
    """Insert many runs in a few statements; returns those that are new, the others stay as they are."""
    known: set[UUID] = set(Run.objects.filter(pk__in=[run.pk for run in runs]).values_list("pk", flat=True))
    fresh = [run for run in runs if run.pk not in known]
    insert_fresh(fresh, batch_size=_BATCH)
    return fresh


def tie_to_schedule(run_id: UUID | str, *, schedule_id: int, fire_at: datetime) -> None:
    """Count a run enqueued since `fire_at` among the schedule's, as one that a person asked for then."""
    Run.objects.filter(pk=run_id, schedule=None, created_at__gte=fire_at).update(
        schedule_id=schedule_id, fire_at=fire_at
    )


def free_ticks(schedule_id: int, fires: Sequence[datetime], *, reason: str) -> int:
    """Give missed or skipped fire times free for another run; their records stay, without the tick."""
    rows = Run.objects.filter(schedule_id=schedule_id, fire_at__in=fires, state__in=[State.MISSED, State.SKIPPED])
    return rows.update(fire_at=None, reason=Left(Concat(F("reason"), Value(f"; {reason}")), 200))


def enqueue_ticks(runs: Sequence[Run]) -> set[UUID]:
    """Insert what schedules fire; returns the ids of those that are new.

    Another row of the same schedule and fire time, or an unfinished one with the same unique key, wins.
    """
    return insert_fresh(runs, batch_size=_BATCH)


def recent(unique_key: str, *, seconds: float) -> Run | None:
    """Return the latest run of the unique key enqueued less than `seconds` ago; locks the key for the transaction."""
    locked_bucket(f"unique:{unique_key}"[:200], now=now())
    since = now() - timedelta(seconds=seconds)
    return Run.objects.filter(unique_key=unique_key, created_at__gt=since).order_by("-created_at").first()


def replace(run: Run, *, fence: Fence | None) -> bool:
    """Let `run` take over the row with its id: of the running run that asks (`fence`), or of one set aside for this."""
    columns = {name: getattr(run, name) for name in _OF_A_REPLACEMENT}
    if fence is not None:
        rows = fence.rows()
    else:
        rows = Run.objects.filter(pk=run.pk, state=State.RETRYING, waits_for=WaitsFor.REPLACEMENT)
    return bool(
        rows.update(state=State.RETRYING, attempt=0, waits_for="", published_at=None, concurrency_slot=None, **columns)
    )
