"""Throughput with ten million ended runs in the table beside that of an empty one; with guards, too."""

from __future__ import annotations

import os

import psycopg

from bench import history, history_rows, throughput
from bench.contenders import Contender
from bench.ground import Ground

ROWS = 10_000_000
DEEP = "deep"
_RUNS = "SELECT count(*) FROM jobs_run"


def measure(ground: Ground, contender: Contender) -> dict[str, float]:
    """Let the workers empty a queue; first fill the deep database where it is meant and still empty."""
    if contender.database == DEEP and not ground.has_database(DEEP):
        _fill(ground, contender)
    figures = throughput.measure(ground, contender, kind=contender.kind)
    with psycopg.connect(ground.database(contender.database)) as connection:
        row = connection.execute(_RUNS).fetchone()
    return {**figures, "runs_in_table": row[0] if row else 0}


def _fill(ground: Ground, contender: Contender) -> None:
    """Take over what the history part has left, unless BENCH_DEPTH asks for a number of its own."""
    wanted = os.environ.get("BENCH_DEPTH")
    left = history.name_of(int(wanted) if wanted else history.sizes_wanted()[-1])
    if ground.has_database(left):
        ground.rename_database(left, DEEP)
    else:
        history.child(ground.environment(contender), "migrate")
        history_rows.make(ground.database(DEEP), int(wanted or ROWS), live=0)
        history.child(ground.environment(contender), "count_days")
    history_rows.leave_history(ground.database(DEEP))
