"""An attempt ends: its run finishes, goes back for another attempt, or waits for its children."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from jobs.conf import conf
from jobs.dialect import claimable
from jobs.ledger.fence import NO_USAGE, Fence, Usage
from jobs.models import Run, SchedulePlan
from jobs.models.run import WaitsFor
from jobs.outcomes import Failure
from jobs.states import State


def succeed(fence: Fence, *, now: datetime, usage: Usage = NO_USAGE) -> bool:
    """Finish a running run with SUCCESS; False when the fence no longer holds."""
    return _finish(fence, State.SUCCESS, now=now, usage=usage, error_kind="", error_message="", error_fingerprint="")


def fail(fence: Fence, failure: Failure, *, now: datetime, usage: Usage = NO_USAGE) -> bool:
    """Finish a running run with FAILED: a dead letter; False when the fence no longer holds."""
    with transaction.atomic():
        failed = _log_attempt(fence, failure, now) and _finish(
            fence, State.FAILED, now=now, usage=usage, **_error_columns(failure)
        )
        if failed:
            _note_failure(fence)
        return failed


def stop(fence: Fence, *, now: datetime, reason: str, usage: Usage = NO_USAGE) -> bool:
    """Finish a running run with CANCELLED; False when the fence no longer holds."""
    return _finish(fence, State.CANCELLED, now=now, usage=usage, reason=reason[:200])


def wait_for_children(fence: Fence, result: Any, *, usage: Usage = NO_USAGE) -> bool:
    """Leave a running run whose body has returned RUNNING, without a worker, until its children have ended."""
    kept = {"worker": None, "waits_for": WaitsFor.CHILDREN, "checkpoint": {"result": result}, **usage.columns()}
    return bool(fence.rows().update(**kept))


def set_aside(fence: Fence) -> bool:
    """Let a running run wait for the one that replaces it (see `replace`)."""
    return bool(
        fence.rows().update(
            state=State.RETRYING,
            waits_for=WaitsFor.REPLACEMENT,
            concurrency_slot=None,
            published_at=None,
            reason="replaced: waits for what replaces it",
        )
    )


def try_again(  # noqa: PLR0913 - the parts of one decision
    fence: Fence,
    failure: Failure | None,
    *,
    at: datetime,
    now: datetime,
    spends: bool = True,
    reason: str = "",
    usage: Usage = NO_USAGE,
    **edits: Any,
) -> bool:
    """Give a running run back for another attempt at `at`; one that doesn't spend leaves the attempt count as it was.

    `edits` may hold new args and kwargs. False when the fence no longer holds.
    """
    error = {} if failure is None else _error_columns(failure)
    with transaction.atomic():
        if failure is not None and not _log_attempt(fence, failure, now):
            return False
        return bool(
            fence.rows().update(
                state=State.RETRYING,
                run_at=at,
                published_at=None,
                concurrency_slot=None,
                attempt=F("attempt") if spends else F("attempt") - 1,
                reason=reason[:200],
                **usage.columns(),
                **error,
                **edits,
            )
        )


def is_asked_to_stop(fence: Fence) -> str:
    """Return "cancel" or "shutdown" when the running run shall stop, "lost" when it is another attempt's, else ""."""
    row = fence.rows().values_list("cancel_requested_at", "worker__stopping_at").first()
    if row is None:
        return "lost"
    return "cancel" if row[0] else "shutdown" if row[1] else ""


def let_go(fence: Fence) -> bool:
    """Leave a running run to whoever rescues those that nobody has; False when it is locked or no longer so."""
    with transaction.atomic():
        free = claimable(fence.rows().only("pk")).first()
        return free is not None and bool(fence.rows().update(worker=None))


def note(fence: Fence, **values: Any) -> bool:
    """Write progress or checkpoint of a running run; False when the fence no longer holds."""
    return bool(fence.rows().update(**values))


def _finish(fence: Fence, state: State, *, now: datetime, usage: Usage, **changes: Any) -> bool:
    return bool(
        fence.rows().update(
            state=state, finished_at=now, concurrency_slot=None, waits_for="", **usage.columns(), **changes
        )
    )


def _log_attempt(fence: Fence, failure: Failure, now: datetime) -> bool:
    rows = fence.rows().select_for_update(no_key=True).order_by()
    run = rows.only("attempts", "attempt", "started_at", "worker_id").first()
    if run is None:
        return False
    entry = {
        "attempt": run.attempt,
        "started_at": run.started_at and run.started_at.isoformat(),
        "ended_at": now.isoformat(),
        "worker": str(run.worker_id or ""),
        "kind": failure.kind,
        "path": failure.path,
        "message": failure.message[:500],
        "trace": failure.trace[-2000:],
        "fault": failure.is_infrastructure,
    }
    kept = [*run.attempts, entry][-conf().attempts_kept :]
    return bool(fence.rows().update(attempts=kept))


def _error_columns(failure: Failure) -> dict[str, str]:
    return {
        "error_kind": failure.kind[:200],
        "error_message": failure.message,
        "error_fingerprint": failure.fingerprint,
    }


def _note_failure(fence: Fence) -> None:
    """Let beat look whether the run's schedule, if it minds failures, has had too many."""
    of_the_run = Run.objects.filter(pk=fence.run_id).values("schedule")
    minding = SchedulePlan.objects.filter(schedule__in=of_the_run, failures_to_pause__isnull=False)
    minding.update(failures_in_row=F("failures_in_row") + 1)
