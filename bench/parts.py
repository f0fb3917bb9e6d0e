"""The parts of the benchmark, by the names that BENCH picks; a new part is one line here."""

from __future__ import annotations

from typing import Protocol

from bench import depth, enqueueing, latency, memory, scaling, targets, throughput, waiting
from bench.ground import Ground
from bench.history import History
from bench.ingest import Ingesting
from bench.notifying import Notifying
from bench.racing import Race
from bench.scheduler import Schedulers
from bench.section import Section


class Part(Protocol):
    """Something to be measured on the ground; `only` picks contenders by name where there are any."""

    @property
    def name(self) -> str:
        """What BENCH calls it."""

    @property
    def by_default(self) -> bool:
        """Whether it is measured when BENCH names none; what takes long is not."""

    def run(self, ground: Ground, *, repetitions: int, only: str) -> Section:
        """Measure it and tell."""


PARTS: tuple[Part, ...] = (
    Race("throughput", "Jobs without work", "jobs/s", throughput.measure, 0.38, targets.THROUGHPUT),
    Race("enqueue", "Enqueueing one by one", "jobs/s", enqueueing.one_by_one, 0.12, targets.ENQUEUE),
    Race("bulk", "Enqueueing in bulk", "jobs/s", enqueueing.in_bulk, 0.05, targets.BULK),
    Race(
        "latency",
        "From enqueueing to start on an idle worker",
        "ms",
        latency.measure,
        0.15,
        targets.LATENCY,
        more_is_better=False,
    ),
    Race("io", "Jobs that wait 20 ms", "jobs/s", waiting.measure, 0.12),
    Race("scaling", "Jobs that wait 20 ms, on more workers", "jobs/s", scaling.measure, 0.10, targets.SCALING),
    Race("memory", "An idle worker's memory", "MB", memory.measure, 0.08, targets.MEMORY, more_is_better=False),
    Ingesting(),
    Notifying(),
    Schedulers(),
    History(),
    Race("depth", "Ten million ended runs in the table", "jobs/s", depth.measure, 1.0, targets.DEPTH, by_default=False),
)
