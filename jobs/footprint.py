"""What a process uses together with its children: looked at often enough to be watched, too seldom to cost much."""

from __future__ import annotations

import os
from dataclasses import dataclass

from jobs import machine

MEASURE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Footprint:
    """What was used; None where that is not known: before a second look, or where the kernel doesn't tell."""

    cpu_cores: float | None
    """On average since the look before; 1.0 is one core kept busy."""
    memory_bytes: int | None


class Meter:
    """Measures this process and its children."""

    def __init__(self) -> None:
        self._looked: tuple[float, float] | None = None

    def read(self, *, at: float) -> Footprint | None:
        """Return what they use at monotonic time `at`; None when the last look was less than MEASURE_SECONDS ago."""
        if self._looked is not None and at - self._looked[0] < MEASURE_SECONDS:
            return None
        pids = machine.family(os.getpid())
        cpu, before = machine.cpu_seconds(pids), self._looked
        self._looked = at, cpu
        cores = None if before is None else round(max(0.0, cpu - before[1]) / (at - before[0]), 3)
        memory = machine.memory_bytes(pids)
        return Footprint(cores if memory else None, memory or None)
