"""What becomes of the runs of a pack whose process has died or was killed, said by the worker's main process."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from jobs import abandoned, envelope, presence
from jobs.bell_message import TASK
from jobs.conf import conf
from jobs.dialect import patiently
from jobs.identifiers import run_id_of
from jobs.models import Run

if TYPE_CHECKING:
    from jobs.backend import LedgerBackend

T = TypeVar("T")


def is_of_bell(request: Any) -> bool:
    """Whether the task that ended is no run but a pack's bell."""
    return getattr(request, "task", None) == TASK


def bells_of(task_id: str, requests: Iterable[Any]) -> list[Any]:
    """Return those of a worker's requests whose child performs the packed run: the bell it heard, or nothing."""
    rows = Run.objects.running().filter(pk=run_id_of(task_id), worker_id=presence.worker_id(), is_packed=True)
    children = set(_patiently(rows.values_list("process_id", flat=True)))
    return [request for request in requests if request.name == TASK and request.worker_pid in children]


def give_back(backend: LedgerBackend, error: BaseException, request: Any, *, is_wish: bool = False) -> None:
    """Settle every run the dead child had claimed: those asked to stop end, the others go back, each on its own.

    After a death by a person's wish the others go back as they were: none of them is to blame.
    """
    child = getattr(request, "child_pid", None)
    if child is None:
        return
    held = Run.objects.running().filter(worker_id=presence.worker_id(), process_id=child, waits_for="")
    runs = _patiently(held.filter(is_packed=True))
    alone = abandoned.alone(runs)
    for run in runs:
        context: Any = envelope.context_of(run)
        context.child_pid = child
        if run.cancel_requested_at is not None:
            backend.mark_as_revoked(context.id, str(error), request=context)
        elif is_wish:
            backend.mark_as_retry(context.id, error, request=context)
        else:
            backend.settle_lost(run, error, was_alone=run.pk in alone)


def _patiently(rows: Iterable[T]) -> list[T]:
    return patiently(lambda: list(rows), seconds=conf().database_patience_seconds, what="look for a pack's runs")
