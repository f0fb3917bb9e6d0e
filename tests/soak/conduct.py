"""One soak from its first process to its verdict."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import django

from project.environment import BASE_DIR

django.setup()

from tests.hosts import Host  # noqa: E402 - after django.setup()
from tests.soak import checker, effects, ending, report  # noqa: E402
from tests.soak.brokers import Broker  # noqa: E402
from tests.soak.cluster import Cluster  # noqa: E402
from tests.soak.databases import Database  # noqa: E402
from tests.soak.duplicates import Duplicates  # noqa: E402
from tests.soak.history import History  # noqa: E402
from tests.soak.nemesis import Nemesis  # noqa: E402
from tests.soak.plan import Schedule, Size  # noqa: E402

SIGNS_OF_LIFE_SECONDS = 10.0
SHOWN = 20


def soak(
    size: Size, folder: Path, database: Database, broker: Broker, *, hosts: Sequence[Host] = (), write: bool
) -> bool:
    """Soak and print the figures, `write` them to docs/soak.md as well; whether nothing was violated."""
    ending.prepare()
    cluster = Cluster(folder, hosts=hosts)
    duplicates = Duplicates(folder, broker.url, seed=size.seed)
    nemesis = Nemesis(cluster, broker, database, seed=size.seed)
    nemesis.schedule = Schedule.drawn(
        size, database_faults=list(database.faults), broker_faults=list(broker.faults), has_hosts=bool(hosts)
    )
    cluster.start()
    try:
        cluster.wait_ready()
        duplicates.start()
        nemesis.start()
        load_seconds = _load(size, nemesis)
        nemesis.disarm(folder)
        duplicates.end()
        drain_seconds = ending.drain(within=size.patience_seconds)
    finally:
        cluster.stop()
    ending.dump(folder)
    verdict = checker.judge(History.read(folder))
    account = report.Account(
        size=size,
        versions=f"{database.version} and {broker.version}",
        faults=Counter(fault["kind"] for fault in effects.read(folder / "faults.jsonl")),
        restarts=cluster.restarts,
        copies=duplicates.sent,
        load_seconds=load_seconds,
        drain_seconds=drain_seconds,
        slowest_enqueue=max(
            (line.get("seconds", 0.0) for line in effects.read(folder / "enqueues.jsonl")), default=0.0
        ),
    )
    return _tell(verdict, account, write=write)


def _load(size: Size, nemesis: Nemesis) -> float:
    """Run the client until it and the nemesis are through; returns how long that took."""
    began = time.monotonic()
    words = [str(size.jobs), str(size.load_seconds), str(size.seed)]
    client = subprocess.Popen([sys.executable, "-m", "tests.soak.load", *words], cwd=BASE_DIR, env=os.environ)
    told = began
    try:
        while client.poll() is None or nemesis.is_alive():
            time.sleep(0.2)
            if time.monotonic() - told > SIGNS_OF_LIFE_SECONDS:
                told = time.monotonic()
                runs, unfinished = ending.progress()
                print(f"{told - began:4.0f} s: {runs} runs, {unfinished} unfinished", flush=True)
    finally:
        client.kill()
    return time.monotonic() - began


def _tell(verdict: checker.Verdict, account: report.Account, *, write: bool) -> bool:
    text = report.table(verdict, account)
    print(text)
    for kind, what in verdict.violations[:SHOWN]:
        print(f"{kind}: {what}")
    if verdict.good and write:
        report.keep(text, account)
    print("nothing lost, nothing doubled" if verdict.good else f"{len(verdict.violations)} violations")
    return verdict.good
