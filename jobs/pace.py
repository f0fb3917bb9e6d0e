"""How many runs of a job a pack may take: few while little is known, many of the short, one of the long; pure."""

from __future__ import annotations

from dataclasses import dataclass

PACK_SECONDS = 0.1
FIRST_PACK = 1
QUICK_RUN_SECONDS = 0.001
_WEIGHT = 0.3


@dataclass(slots=True)
class Pace:
    """What a process knows of a job's duration."""

    seconds_per_run: float | None = None

    @property
    def is_quick(self) -> bool:
        """Whether the job's runs have taken less time, each, than an end takes to write."""
        return self.seconds_per_run is not None and self.seconds_per_run < QUICK_RUN_SECONDS

    def most(self, limit: int) -> int:
        """Return how many runs the next pack may take, at most `limit`, at least one."""
        if self.seconds_per_run is None:
            return min(limit, FIRST_PACK)
        return max(1, min(limit, int(PACK_SECONDS / max(self.seconds_per_run, 1e-6))))

    def note(self, *, runs: int, seconds: float) -> None:
        """Learn that `runs` runs took that long together; the latest packs count most."""
        if runs:
            now = seconds / runs
            before = self.seconds_per_run
            self.seconds_per_run = now if before is None else before + _WEIGHT * (now - before)
