"""What a person may ask for a run: enqueue it, run it here, start it now, cancel, retry or discard it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from jobs import audit, cancelling, here, ledger, queries, registry
from jobs.arguments import check_types
from jobs.errors import RefusedError
from jobs.models import Run
from jobs.models.run import Cause
from jobs.operations.edits import edited_columns


def check_arguments(name: str, kwargs: Mapping[str, Any]) -> None:
    """Check that a job of that name exists and takes these arguments.

    Raises: UnknownJobError, ArgumentsError.
    """
    check_types(registry.find(name).run, kwargs)


def enqueue(  # noqa: PLR0913 - what may be chosen for one run
    name: str,
    kwargs: Mapping[str, Any],
    *,
    cause: Cause,
    owner: AbstractBaseUser | None = None,
    eta: datetime | None = None,
    queue: str | None = None,
    priority: int | None = None,
    unique_key: str | None = None,
) -> tuple[Run, bool]:
    """Enqueue a run of the job; returns the run in force and whether it is a new one.

    It isn't where the job is unique and an unfinished run has the key already.

    Raises: UnknownJobError, ArgumentsError; nothing is enqueued then.
    """
    job = registry.find(name)
    check_types(job.run, kwargs)
    asked_at = timezone.now()
    result = job.apply_async(
        kwargs=dict(kwargs),
        owner=owner,
        cause=cause,
        eta=eta,
        queue=queue,
        priority=priority,
        unique_key=unique_key,
    )
    run = queries.find_run(result.id)
    return run, run.created_at >= asked_at


def run_here(
    name: str,
    kwargs: Mapping[str, Any],
    *,
    cause: Cause,
    owner: AbstractBaseUser | None = None,
    patience_seconds: float = 0.0,
) -> Run:
    """Run the job in this process, recorded and guarded but without a broker, and return the run as it ended.

    SUCCESS, FAILED and CANCELLED speak for themselves. A guard that still refuses after `patience_seconds` leaves the
    run SKIPPED. An unfinished run with the same unique key is returned instead, and nothing runs here.

    Raises: UnknownJobError, ArgumentsError; nothing is recorded then.
    """
    job = registry.find(name)
    check_types(job.run, kwargs)
    run = here.run_here(job, kwargs, owner=owner, cause=cause, patience_seconds=patience_seconds)
    return queries.find_run(run.pk)


def cancel(runs: Iterable[Run], *, by: str) -> list[Run]:
    """Cancel these runs, all or none: those that wait at once, those that run by asking them to stop.

    Raises: RefusedError when one has ended, or was asked already.
    """

    def refusal(run: Run) -> str:
        return "was asked to stop already" if run.cancel_requested_at else "has ended"

    return _all_or_none("cancel", runs, lambda run: cancelling.cancel(run.pk, by=by), refusal)


def retry(runs: Iterable[Run], *, edits: Mapping[str, Any] | None = None, dropped: Collection[str] = ()) -> list[Run]:
    """Enqueue these failed or cancelled runs again, all or none, with all their attempts.

    `edits` are arguments by name that replace what they had; `dropped` names those that go back to their defaults.

    Raises: UnknownJobError; ArgumentsError when the arguments don't fit the job; RefusedError.
    """

    def again(run: Run) -> bool:
        return ledger.replay(run.pk, now=ledger.now(), **edited_columns(run, edits or {}, dropped=dropped))

    changed = {"arguments": sorted({*(edits or {}), *dropped})} if edits or dropped else {}
    return _all_or_none("retry", runs, again, _why_not_again, noted=changed)


def discard(runs: Iterable[Run]) -> list[Run]:
    """Close these dead letters without running them, all or none.

    Raises: RefusedError when one isn't an open dead letter.
    """
    return _all_or_none(
        "discard", runs, lambda run: ledger.discard(run.pk, now=ledger.now()), lambda _: "is no open dead letter"
    )


def start_now(runs: Iterable[Run]) -> list[Run]:
    """Let these runs, which wait for their time or their next attempt, start now, all or none.

    Raises: RefusedError when one doesn't wait for its time.
    """
    return _all_or_none(
        "run now",
        runs,
        lambda run: ledger.bring_forward(run.pk, now=ledger.now()),
        lambda _: "doesn't wait for its time",
    )


def _all_or_none(
    action: str,
    runs: Iterable[Run],
    act: Callable[[Run], bool],
    refusal: Callable[[Run], str],
    *,
    noted: Mapping[str, Any] | None = None,
) -> list[Run]:
    before = {run.pk: run.state for run in runs}
    ids = list(before)
    with transaction.atomic():
        refused = [run for run in map(queries.find_run, ids) if not act(run)]
        if refused:
            told = "; ".join(f"run {run.pk} ({run.state.lower()}) {refusal(run)}" for run in refused)
            raise RefusedError(f"{told}{'; nothing was changed' if len(ids) > 1 else ''}")
        after = [queries.find_run(pk) for pk in ids]
        noted = noted or {}
        audit.note_many(action, [(run.pk, {"state": before[run.pk]}, {"state": run.state, **noted}) for run in after])
    return after


def _why_not_again(run: Run) -> str:
    holder = Run.objects.unfinished().filter(unique_key=run.unique_key).exclude(pk=run.pk).first()
    if run.unique_key and holder:
        return f"can't be enqueued again: run {holder.pk} has the same unique key"
    return "neither failed nor was cancelled"
