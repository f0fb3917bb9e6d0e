"""Stock Celery under the same treatment and then Daybook, for docs/guarantees.md: `python -m tests.soak.stock`.

The same Redis, seed, kills, freezes, deploys and broker faults; for stock Celery without faults of the database and the
beats, which it doesn't have, and without messages delivered twice.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.soak import effects
from tests.soak.brokers import Redis
from tests.soak.cluster import Cluster
from tests.soak.databases import SQLite
from tests.soak.history import History
from tests.soak.nemesis import Nemesis
from tests.soak.plan import Schedule, Size

QUIET_SECONDS = 30.0
NOT_THERE = {"database", "kill beat", "freeze at"}


CONFIGURATIONS: dict[str, dict[str, str]] = {
    "Celery as it comes": {},
    "acks_late": {"SOAK_ACKS": "late"},
    "acks_late, visibility 10 s": {"SOAK_ACKS": "late", "SOAK_VISIBILITY_SECONDS": "10"},
}
HEADINGS = ("", "acknowledged", "never executed", "executed to the end more than once")


def main() -> int:
    """Soak every configuration in a process of its own, and print the table."""
    if "--one" in sys.argv:
        return soak_stock(Size.of(os.environ))
    stock = [sys.executable, "-m", "tests.soak.stock", "--one"]
    rows = [[name, *_figures(stock, more)] for name, more in CONFIGURATIONS.items()]
    ours = _figures([sys.executable, "-m", "tests.soak"], {"SOAK_BACKEND": "postgres-redis"})
    for row in (HEADINGS, ["---"] * len(HEADINGS), *rows, ["Daybook", *ours]):
        print(f"| {' | '.join(row)} |")
    return 0


def _figures(command: list[str], more: dict[str, str]) -> list[str]:
    """Run a soak and return its figures."""
    done = subprocess.run(command, env={**os.environ, **more}, stdout=subprocess.PIPE, text=True, check=False)
    told = dict(re.findall(r"^\| (\S.*?) +\| (\d+) +\|$", done.stdout, re.MULTILINE))
    again = int(told["execution doubled"]) + int(told.get("executions repeated after a fault", "0"))
    return [told["acknowledged"], told["lost"], str(again)]


def soak_stock(size: Size) -> int:
    """Soak stock Celery and print what became of its jobs."""
    folder = Path(tempfile.mkdtemp(prefix="soak-", dir="/tmp"))
    broker = Redis(folder / "broker")
    os.environ.update({effects.FOLDER: str(folder), "BROKER_URL": broker.url})
    broker.start()
    cluster = Cluster(folder, beats=0, app="tests.soak.stock_app")
    nemesis = Nemesis(cluster, broker, SQLite(folder / "none"), seed=size.seed)
    drawn = Schedule.drawn(size, database_faults=["none"], broker_faults=list(broker.faults))
    nemesis.schedule = without_the_missing(drawn)
    try:
        cluster.start()
        cluster.wait_ready()
        nemesis.start()
        _load(size)
        nemesis.join()
        _wait_until_quiet(folder)
    finally:
        cluster.stop()
        broker.stop()
    _tell(History.read(folder))
    return 0


def without_the_missing(schedule: Schedule) -> Schedule:
    """Return the schedule with kills at our named points as kills of children, and without what is not there."""
    faults = [fault for fault in schedule.faults if fault.kind not in NOT_THERE]
    return Schedule([replace(fault, kind="kill child") if fault.kind == "kill at" else fault for fault in faults])


def _load(size: Size) -> None:
    from tests.soak import stock_app as stock

    dice = random.Random(size.seed)
    began = time.monotonic()
    for n in range(size.jobs):
        time.sleep(max(0.0, began + size.load_seconds * n / size.jobs - time.monotonic()))
        kind: Any = dice.choices(
            [stock.quick.s(n), stock.sleeper.s(n, dice.uniform(0.02, 0.2)), stock.stumbler.s(n)], [6, 3, 1]
        )[0]
        effects.append("enqueues", event="try", n=n)
        try:
            sent = kind.apply_async(retry=False)
        except Exception:
            continue
        effects.append("enqueues", event="ack", n=n, run=str(sent.id), kind="stock")


def _wait_until_quiet(folder: Path) -> None:
    """Return once nothing has been written to the effect log for a while: what is left is stuck."""
    log, changed, length = folder / "effects.jsonl", time.monotonic(), -1
    while time.monotonic() - changed < QUIET_SECONDS:
        time.sleep(0.5)
        if log.stat().st_size != length:
            length, changed = log.stat().st_size, time.monotonic()


def _tell(history: History) -> None:
    ends = Counter(line["run"] for line in history.effects if line["event"] == "end")
    acknowledged = [line["run"] for line in history.told("ack")]
    figures = {
        "attempted": len(history.told("try")),
        "acknowledged": len(acknowledged),
        "lost": sum(run not in ends for run in acknowledged),
        "execution doubled": sum(count > 1 for count in ends.values()),
        **Counter(f"fault: {fault['kind']}" for fault in history.faults),
    }
    for name, figure in figures.items():
        print(f"| {name} | {figure} |")


if __name__ == "__main__":
    sys.exit(main())
