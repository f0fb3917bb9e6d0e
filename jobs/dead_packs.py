"""What becomes of the runs of a pack whose process has died, said by the worker's main process."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from jobs import envelope, presence
from jobs.bell import TASK
from jobs.conf import conf
from jobs.dialect import patiently
from jobs.models import Run

if TYPE_CHECKING:
    from jobs.backend import LedgerBackend


def is_of_bell(request: Any) -> bool:
    """Whether the task that ended is no run but a pack's bell."""
    return getattr(request, "task", None) == TASK


def give_back(backend: LedgerBackend, error: BaseException, request: Any) -> None:
    """Settle every run the dead child had claimed: those asked to stop end, the others go back, each on its own."""
    child = getattr(request, "child_pid", None)
    if child is None:
        return
    patience = conf().database_patience_seconds
    for run in patiently(partial(_held_by, child), seconds=patience, what="find what a dead child held"):
        if run.cancel_requested_at is None:
            backend.settle_lost(run, error)
        else:
            backend.mark_as_revoked(envelope.request_of(run)["id"], str(error), request=envelope.context_of(run))


def _held_by(child: int) -> list[Run]:
    held = Run.objects.running().filter(worker_id=presence.worker_id(), process_id=child, waits_for="")
    return list(held.filter(is_packed=True))
