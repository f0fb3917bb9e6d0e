"""The parts of the benchmark, by the names that BENCH picks; a new part is one line here."""

from __future__ import annotations

from typing import Protocol

from bench import enqueueing, latency, memory, throughput, waiting
from bench.ground import Ground
from bench.racing import Race
from bench.scheduler import Schedulers
from bench.section import Section


class Part(Protocol):
    """Something to be measured on the ground; `only` picks contenders by name where there are any."""

    @property
    def name(self) -> str:
        """What BENCH calls it."""

    def run(self, ground: Ground, *, repetitions: int, only: str) -> Section:
        """Measure it and tell."""


PARTS: tuple[Part, ...] = (
    Race("throughput", "Jobs without work", "jobs/s", throughput.measure),
    Race("enqueue", "Enqueueing one by one", "jobs/s", enqueueing.one_by_one),
    Race("bulk", "Enqueueing in bulk", "jobs/s", enqueueing.in_bulk),
    Race("latency", "From enqueueing to start on an idle worker", "ms", latency.measure, more_is_better=False),
    Race("io", "Jobs that wait 20 ms", "jobs/s", waiting.measure),
    Schedulers(),
    Race("memory", "An idle worker's memory", "MB", memory.measure, more_is_better=False),
)
