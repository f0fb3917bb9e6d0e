"""Whether a fire becomes a run while an earlier run of its schedule has not ended; pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from jobs.policies import Overlap
from jobs.states import State

_BEGUN = frozenset({State.RUNNING, State.RETRYING})


@dataclass(frozen=True, slots=True)
class Earlier:
    """How many runs of the schedule have not ended: those that wait for their first attempt, and those begun."""

    waiting: int = 0
    begun: int = 0

    @classmethod
    def of(cls, states: Collection[str]) -> Earlier:
        """Count the states of the runs that have not ended."""
        begun = sum(state in _BEGUN for state in states)
        return cls(waiting=len(states) - begun, begun=begun)


def refusal(policy: Overlap, earlier: Earlier) -> str:
    """Return why the fire is skipped; empty when it becomes a run."""
    match policy:
        case Overlap.SKIP if earlier.waiting or earlier.begun:
            return "skipped: the run before has not ended"
        case Overlap.QUEUE_ONE if earlier.waiting:
            return "skipped: one run of this schedule waits already"
        case _:
            return ""


def takes_turns(policy: Overlap) -> bool:
    """Whether a run of the schedule starts only after the one before has ended."""
    return policy in {Overlap.QUEUE_ONE, Overlap.CANCEL_RUNNING}
