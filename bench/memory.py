"""How much memory a worker of two processes takes once it has done its first jobs and is idle."""

from __future__ import annotations

from dataclasses import replace

from bench import marks
from bench.contenders import Contender
from bench.ground import Ground
from bench.processes import pss_bytes

SECONDS = 60


def measure(ground: Ground, contender: Contender) -> dict[str, float]:
    """Return the worker's proportional set size in MB; beat and the broker are not counted, for none."""
    ground.empty(contender)
    ground.publish(contender, "one", "noop", 60)
    with ground.at_work(replace(contender, workers=contender.workers[:1])) as tree:
        marks.wait_for(ground.marks, 60, tree, seconds=SECONDS)
        return {"value": pss_bytes(tree.pids) / 1e6, "processes": len(tree.pids)}
