"""What a fire noticed late means; pure. Past its grace it is missed; within it the schedule's policy decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs.policies import Misfire
from jobs.scheduling.clock import Earlier

PUNCTUAL = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Missed:
    """Fire times that don't run: the first, the last, how many (at least, where not exact), and why."""

    first: datetime
    last: datetime
    count: int
    why: str
    is_exact: bool = True

    def __str__(self) -> str:
        """Return them as a run's reason."""
        count = f"{'' if self.is_exact else 'at least '}{self.count} fire{'s' if self.count > 1 else ''}"
        span = f"{self.first:%FT%TZ}" if self.count == 1 else f"{self.first:%FT%TZ} to {self.last:%FT%TZ}"
        return f"{count} missed, {span}: {self.why}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which fire times run now, oldest first, and what is missed."""

    runs: tuple[datetime, ...] = ()
    missed: Missed | None = None

    @property
    def latest(self) -> datetime | None:
        """Return the latest of them all; None when there was none."""
        return max([*self.runs, *([self.missed.last] if self.missed else [])], default=None)


def judge(
    fires: Sequence[datetime],
    *,
    now: datetime,
    grace: timedelta,
    policy: Misfire = Misfire.COALESCE,
    earlier: Earlier | None = None,
) -> Verdict:
    """Return the verdict over due fire times, oldest first, and those `earlier` ones that are past their grace.

    Within the grace COALESCE runs the latest and EACH runs all. SKIP runs none that is later than PUNCTUAL: a busy
    beat is no misfire.
    """
    borne = min(grace, PUNCTUAL) if policy is Misfire.SKIP else grace
    timely = [fire for fire in fires if now - fire <= borne]
    runs = tuple(timely if policy is Misfire.EACH else timely[-1:])
    late = len(fires) - len(timely) + (earlier.count if earlier else 0)
    joined = len(timely) - len(runs)
    if not late + joined:
        return Verdict(runs)
    lost = [*([earlier.first, earlier.last] if earlier else []), *(fire for fire in fires if fire not in runs)]
    why = _why(late, joined, borne, runs)
    return Verdict(runs, Missed(lost[0], lost[-1], late + joined, why, is_exact=earlier is None or earlier.is_exact))


def _why(late: int, joined: int, borne: timedelta, runs: tuple[datetime, ...]) -> str:
    reasons = []
    if late:
        reasons.append(f"{late if joined else 'noticed'} later than {borne.total_seconds():g} s")
    if joined:
        reasons.append(f"{joined} joined into the run of {runs[-1]:%FT%TZ}")
    return ", ".join(reasons)
