"""How long from the call that enqueues a job to its first line, on a worker that has nothing else to do."""

from __future__ import annotations

from statistics import quantiles

from bench import marks
from bench.contenders import Contender
from bench.ground import Ground

JOBS, GAP_SECONDS, SECONDS = 500, 0.02, 60


def measure(ground: Ground, contender: Contender) -> dict[str, float]:
    """Return the median as value, and p95, in milliseconds."""
    ground.empty(contender)
    ground.publish(contender, "one", "noop", 40)
    with ground.at_work(contender) as tree:
        marks.wait_for(ground.marks, 40, tree, seconds=SECONDS)
        # A beat that is starting beside it is no worker that has nothing else to do.
        tree.settle()
        ground.publish(contender, "timed", "noop", JOBS, GAP_SECONDS)
        marks.wait_for(ground.marks, 40 + JOBS, tree, seconds=SECONDS)
        waits = [1000 * (ran - asked) for asked, ran in marks.read(ground.marks) if asked]
    cuts = quantiles(waits, n=20)
    return {"value": cuts[9], "p95": cuts[18]}
