"""Every face on a long history: what each question costs at 1 and 10 million runs; and enqueueing beside pruning."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import history_rows
from bench.contenders import OURS
from bench.ground import Ground
from bench.section import Section, table
from project.environment import BASE_DIR

CHILD = Path(__file__).with_name("history_child.py")
SIZES = "1000000,10000000"
ALONE_SECONDS = 20
MOST_MS, MOST_BLOCKED_MS = 300, 100


class History:
    """The part that BENCH calls history; BENCH_ROWS sets the sizes, the largest last."""

    name, by_default = "history", False

    def run(self, ground: Ground, *, repetitions: int, only: str) -> Section:
        """Make the rows of each size in a database of its own, ask everything, and prune the largest."""
        sizes = sizes_wanted()
        asked, environment = {}, {}
        for size in sizes:
            url = ground.database(name_of(size))
            environment = {"DATABASE_URL": url, "BROKER_URL": ground.redis.url, "DATA_DIR": str(ground.folder / "data")}
            child(environment, "migrate")
            history_rows.make(url, size)
            print(f"history: {size:,} runs made", flush=True)
            child(environment, "count_days")
            asked[size] = child(environment, "look")
        pruned = _pruned_beside_enqueueing(environment)
        title = f"Faces on a history of {' and '.join(f'{size:,}' for size in sizes)} runs"
        return Section(title, _told(asked, pruned), {"asked": asked, "pruned": pruned})


def sizes_wanted() -> list[int]:
    """Return how many runs each history is to have, the largest last."""
    return [int(size) for size in os.environ.get("BENCH_ROWS", SIZES).split(",")]


def name_of(size: int) -> str:
    """Return the name of the database with so many runs."""
    return f"history{size}"


def child(environment: dict[str, str], *words: str) -> Any:
    """Return what the child printed.

    Raises: RuntimeError with what it said of its failure.
    """
    done = subprocess.run(_command(*words), capture_output=True, text=True, env=_whole(environment), check=False)
    if done.returncode:
        raise RuntimeError(f"{words[0]}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def _pruned_beside_enqueueing(environment: dict[str, str]) -> dict[str, Any]:
    """Return how enqueueing went alone, and while a million runs were pruned."""
    with _enqueueing(environment) as alone:
        time.sleep(ALONE_SECONDS)
    with _enqueueing(environment) as beside:
        pruned = child(environment, "prune")
    return {"alone": alone, "beside": beside, **pruned}


@contextmanager
def _enqueueing(environment: dict[str, str]) -> Iterator[dict[str, float]]:
    """Enqueue all the while; what is yielded holds the figures afterwards."""
    figures: dict[str, float] = {}
    enqueuer = subprocess.Popen(
        _command("enqueue"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=_whole(environment)
    )
    try:
        assert enqueuer.stdout
        enqueuer.stdout.readline()
        yield figures
        told, _ = enqueuer.communicate()
    finally:
        enqueuer.kill()
        enqueuer.wait()
    figures |= json.loads(told.splitlines()[-1])


def _command(*words: str) -> list[str]:
    return [sys.executable, str(CHILD), *words]


def _whole(environment: dict[str, str]) -> dict[str, str]:
    return {**os.environ, **OURS, "LOG_LEVEL": "ERROR", **environment, "PYTHONPATH": str(BASE_DIR)}


def _told(asked: dict[int, dict[str, dict[str, float]]], pruned: dict[str, Any]) -> str:
    sizes = list(asked)
    largest = asked[sizes[-1]]
    times = [(size, each) for size in sizes for each in ("p50", "p95")]
    head = ["question", *(f"{each} ms at {size:,}" for size, each in times), "cpu ms", "postgres cpu ms", "statements"]
    rows = [
        [
            what,
            *(f"{asked[size][what][f'{each}_ms']:.0f}" for size, each in times),
            *(f"{last[each]:.0f}" for each in ("cpu_ms", "postgres_cpu_ms", "statements")),
        ]
        for what, last in largest.items()
    ]
    keys = ("p50_ms", "p99_ms", "longest_ms")
    beside = [
        [name, f"{each['runs']:,}", *(f"{each[key]:.1f}" for key in keys)]
        for name, each in (("alone", pruned["alone"]), ("beside pruning", pruned["beside"]))
    ]
    slowest = max(largest, key=lambda what: largest[what]["p95_ms"])
    verdicts = [
        _verdict(f"The slowest at p95, {slowest}", largest[slowest]["p95_ms"], MOST_MS),
        _verdict("The longest enqueueing beside pruning", pruned["beside"]["longest_ms"], MOST_BLOCKED_MS),
    ]
    done = f"{pruned['runs']:,} runs with their results and logs were pruned in {pruned['seconds']:.0f} s."
    return "\n".join([table(head, rows), "", done, "", table(["enqueueing", "runs", *keys], beside), "", *verdicts])


def _verdict(what: str, reached: float, most: float) -> str:
    return f"- {what}: {reached:.0f} ms; the target is at most {most:.0f}: {'met' if reached <= most else 'missed'}."
