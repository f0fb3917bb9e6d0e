"""What a fire noticed late means; pure. Past its grace it is missed; within it the schedule's policy decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs.policies import Misfire

PUNCTUAL = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which fire times run now, oldest first, and which don't: the first and last of these, and how many they are."""

    runs: tuple[datetime, ...] = ()
    missed_first: datetime | None = None
    missed_last: datetime | None = None
    missed_count: int = 0


def judge(fires: Sequence[datetime], *, now: datetime, grace: timedelta, policy: Misfire = Misfire.COALESCE) -> Verdict:
    """Return the verdict over due fire times, oldest first.

    Within the grace COALESCE runs the latest and EACH runs all. SKIP runs none that is later than PUNCTUAL: a busy
    beat is no misfire.
    """
    within = [fire for fire in fires if now - fire <= (min(grace, PUNCTUAL) if policy is Misfire.SKIP else grace)]
    runs = tuple(within if policy is Misfire.EACH else within[-1:])
    missed = [fire for fire in fires if fire not in runs]
    return Verdict(runs, missed[0], missed[-1], len(missed)) if missed else Verdict(runs)
