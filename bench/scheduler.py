"""Beat beside stock beat on the same schedules: start, idle tick, one edit, many due at once, memory."""

from __future__ import annotations

import os
from pathlib import Path
from subprocess import TimeoutExpired

from bench.children import environment_of, figures_of
from bench.ground import Ground
from bench.section import Section, table

SECONDS = 900
CHILD = Path(__file__).with_name("scheduler_child.py")
ROWS = (
    ("ready_seconds", "ready after", "{:.2f} s"),
    ("idle_tick_ms", "an idle tick", "{:.2f} ms"),
    ("edit_seconds", "one edit in effect after", "{:.2f} s"),
    ("edit_statements", "its statements", "{:.0f}"),
    ("due", "due at the same second", "{:,.0f}"),
    ("due_seconds", "all of them enqueued after", "{:.2f} s"),
    ("due_cpu_seconds", "CPU of beat for that", "{:.2f} s"),
    ("memory_mb", "peak memory through all that", "{:.0f} MB"),
)


class Schedulers:
    """The part that BENCH calls scheduler; BENCH_SCHEDULES and BENCH_DUE set its size."""

    name, by_default = "scheduler", False

    def run(self, ground: Ground, *, repetitions: int, only: str) -> Section:
        """Measure both in turn, once each: a stock beat needs minutes."""
        schedules, due = os.environ.get("BENCH_SCHEDULES", "100000"), os.environ.get("BENCH_DUE", "5000")
        environment = environment_of(ground, "schedulers", LOG_LEVEL="ERROR")
        _child(environment, "make", schedules)
        found = {kind: _child(environment, kind, due) for kind in ("ours", "stock") if only in {"", kind}}
        rows = [[words, *(_cell(each, name, form) for each in found.values())] for name, words, form in ROWS]
        title = f"Beat with {int(schedules):,} enabled schedules"
        return Section(title, table(["", *found], rows), {"schedules": int(schedules), **found})


def _cell(found: dict[str, float], name: str, form: str) -> str:
    if not found:
        return f"not within {SECONDS} s"
    return form.format(found[name]) if name in found else "-"


def _child(environment: dict[str, str], kind: str, count: str) -> dict[str, float]:
    """Return what the child printed; nothing when it took too long."""
    try:
        return figures_of(CHILD, kind, count, environment=environment, seconds=SECONDS)
    except TimeoutExpired:
        return {}
