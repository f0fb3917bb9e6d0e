"""Throughput with ten million ended runs in the table beside that of an empty one; with guards, too."""

from __future__ import annotations

import os

from bench import history, history_rows, throughput
from bench.contenders import Contender
from bench.ground import Ground

ROWS = 10_000_000
DEEP = "deep"


def measure(ground: Ground, contender: Contender) -> dict[str, float]:
    """Let the workers empty a queue; first fill the deep database where it is meant and still empty."""
    if contender.database == DEEP and not ground.has_database(DEEP):
        url = ground.database(DEEP)
        history.child(ground.environment(contender), "migrate")
        history_rows.make(url, int(os.environ.get("BENCH_DEPTH", ROWS)), live=0)
    return throughput.measure(ground, contender, kind=contender.kind)
