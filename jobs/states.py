"""The states of a run and the only transitions between them; pure, never touches the database."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a run stands in its life; docs/job_lifecycle.md explains each."""

    SCHEDULED = "SCHEDULED"
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    RETRYING = "RETRYING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    SKIPPED = "SKIPPED"
    MISSED = "MISSED"

    @property
    def is_final(self) -> bool:
        """Whether nothing but a replay can follow."""
        return self in FINAL


FINAL = frozenset({State.SUCCESS, State.FAILED, State.CANCELLED, State.SKIPPED, State.MISSED})
UNFINISHED = frozenset(State) - FINAL
UNSUCCESSFUL = FINAL - {State.SUCCESS}
WAITING = frozenset({State.SCHEDULED, State.QUEUED, State.RETRYING})
TIMED = [State.SCHEDULED, State.RETRYING]

TRANSITIONS: dict[State, frozenset[State]] = {
    State.SCHEDULED: frozenset({State.QUEUED, State.CANCELLED, State.SKIPPED, State.MISSED}),
    State.QUEUED: frozenset({State.RUNNING, State.CANCELLED, State.SKIPPED, State.MISSED}),
    State.RUNNING: frozenset({State.SUCCESS, State.FAILED, State.RETRYING, State.CANCELLED, State.QUEUED}),
    State.RETRYING: frozenset({State.QUEUED, State.CANCELLED}),
    State.SUCCESS: frozenset(),
    State.FAILED: frozenset({State.QUEUED}),
    State.CANCELLED: frozenset({State.QUEUED}),
    State.SKIPPED: frozenset(),
    State.MISSED: frozenset(),
}


def sources_of(target: State) -> frozenset[State]:
    """Return the states from which a run may go to `target`."""
    return frozenset(state for state, targets in TRANSITIONS.items() if target in targets)
