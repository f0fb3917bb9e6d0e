"""Beat beside stock beat on the same schedules: start, idle tick, one edit, many due at once, memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from bench.ground import Ground
from bench.section import Section, table
from project.environment import BASE_DIR

SECONDS = 900
CHILD = Path(__file__).with_name("scheduler_child.py")
ROWS = (
    ("ready_seconds", "ready after", "{:.2f} s"),
    ("idle_tick_ms", "an idle tick", "{:.2f} ms"),
    ("memory_mb", "peak memory", "{:.0f} MB"),
    ("edit_seconds", "one edit, planned", "{:.3f} s"),
    ("edit_statements", "its statements", "{:.0f}"),
    ("due", "due at the same second", "{:,.0f}"),
    ("due_seconds", "all of them enqueued after", "{:.2f} s"),
)


class Schedulers:
    """The part that BENCH calls scheduler; BENCH_SCHEDULES and BENCH_DUE set its size."""

    name = "scheduler"

    def run(self, ground: Ground, *, repetitions: int, only: str) -> Section:
        """Measure both in turn, once each: a stock beat needs minutes."""
        schedules, due = os.environ.get("BENCH_SCHEDULES", "100000"), os.environ.get("BENCH_DUE", "5000")
        url = ground.database("schedulers")
        _child(url, "make", schedules)
        found = {kind: _child(url, kind, due) for kind in ("ours", "stock") if only in {"", kind}}
        rows = [[words, *(_cell(each, name, form) for each in found.values())] for name, words, form in ROWS]
        title = f"Beat with {int(schedules):,} enabled schedules"
        return Section(title, table(["", *found], rows), {"schedules": int(schedules), **found})


def _cell(found: dict[str, float], name: str, form: str) -> str:
    if not found:
        return f"not within {SECONDS} s"
    return form.format(found[name]) if name in found else "-"


def _child(url: str, kind: str, count: str) -> dict[str, float]:
    """Return what the child printed; nothing when it took too long."""
    ours = {"DATABASE_URL": url, "BROKER_URL": "redis://127.0.0.1:1/0", "DEBUG": "1", "LOG_LEVEL": "ERROR"}
    environment = {**os.environ, **ours, "PYTHONPATH": str(BASE_DIR)}
    command = [sys.executable, str(CHILD), kind, count]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=SECONDS, env=environment, check=True)
    except subprocess.TimeoutExpired:
        return {}
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found
