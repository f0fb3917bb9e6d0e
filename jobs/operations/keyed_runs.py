"""Runs of the future known by a key, such as reminders months ahead: listed, moved and cancelled by it.

They are rows and nothing else: a million of them cost the dispatcher nothing, which reads what is due by an index.
Make one with `enqueue(..., eta=..., unique_key=...)`: at most one unfinished run has a key.
"""

from __future__ import annotations

from datetime import datetime

from jobs import cancelling, ledger
from jobs.errors import RefusedError
from jobs.models import Run
from jobs.models.run import RunQuerySet
from jobs.states import State
from jobs.wire import key as fitted


def runs_by_key(prefix: str, *, owner: int | None = None) -> RunQuerySet:
    """Return the unfinished runs whose key begins with `prefix`, soonest first; of one owner where given."""
    runs = Run.objects.unfinished().filter(unique_key__startswith=prefix).order_by("run_at", "id")
    return runs if owner is None else runs.filter(owner=owner)


def reschedule(key: str, *, at: datetime) -> Run:
    """Let the run that waits under the key start at another time, its deadline as far after; it stays the same run.

    Raises: RefusedError when none waits: its time has come, it has ended, or never was.
    """
    run = Run.objects.unfinished().filter(unique_key=fitted(key), state=State.SCHEDULED).first()
    if run is None or not ledger.reschedule(run.pk, at=at):
        raise RefusedError(f"no run waits for its time under the key {key!r}")
    return Run.objects.get(pk=run.pk)


def cancel_by_key(key: str, *, by: str) -> Run:
    """Cancel the unfinished run of the key: a waiting one at once, a running one by asking it.

    Raises: RefusedError when there is none.
    """
    run = Run.objects.unfinished().filter(unique_key=fitted(key)).first()
    if run is None or not cancelling.cancel(run.pk, by=by):
        raise RefusedError(f"no unfinished run has the key {key!r}")
    return Run.objects.get(pk=run.pk)
