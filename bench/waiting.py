"""How many jobs that wait 20 ms for something outside a contender does per second."""

from __future__ import annotations

from bench import throughput
from bench.contenders import Contender
from bench.ground import Ground

JOBS = 1000


def measure(ground: Ground, contender: Contender) -> dict[str, float]:
    """Let the workers empty a queue of such jobs."""
    return throughput.measure(ground, contender, kind="io", jobs=min(JOBS, contender.jobs))
