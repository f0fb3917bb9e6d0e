"""`make test`: the suite on SQLite and its own Valkey, then what needs a database or broker on servers here.

What needs a broker runs on both of them at once. TEST_DATABASE_URL and TEST_BROKER_URL name others. A few failures are
repeated alone, once, and named.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tests import servers

TESTS_FAILED, NO_TESTS_COLLECTED = 1, 5
MOST_REPEATED = 5
SERVERS = (
    ("database", servers.postgres, os.environ.get("TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/test")),
    ("broker", servers.rabbitmq, os.environ.get("TEST_BROKER_URL", "amqp://guest:guest@127.0.0.1:5672//")),
)
VARIABLES = {"database": "TEST_DATABASE_URL", "broker": "TEST_BROKER_URL"}
# Hundreds of processes would each compile what the first could have written.
NOT_HANDED_ON = {*servers.VARIABLES, "PYTHONDONTWRITEBYTECODE"}
# Tests wait for other processes more than half of their time.
MANY = ["-n", str(2 * (os.cpu_count() or 1)), "--dist", "load", "--maxschedchunk", "1"]
ALONE = ["-n", "0"]


@dataclass
class Leg:
    """One pass over the suite, or over a part of it, on given back ends."""

    part: list[str]
    processes: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    output: IO[str] | None = None
    counts: Counter[str] = field(default_factory=Counter)
    figures: list[str] = field(default_factory=list)
    status: int = 0
    repeated: int = 0

    def run(self, arguments: list[str]) -> None:
        """Run pytest, repeat a few failures alone, and keep what was counted."""
        with tempfile.TemporaryDirectory() as folder:
            self._pytest(Path(folder), [*self.processes, *arguments])
            failed = self.counts["failed"]
            if self.status == TESTS_FAILED and failed <= MOST_REPEATED:
                first, figures = self.counts, self.figures
                print(f"\nrepeating {failed} alone", file=self.output, flush=True)
                self._pytest(Path(folder), [*ALONE, "--last-failed", "-rA", "--show-capture=no"])
                self.repeated = failed - self.counts["failed"]
                self.counts, self.figures = first + self.counts, [*figures, *self.figures]
                self.counts["failed"] -= failed

    def _pytest(self, folder: Path, arguments: list[str]) -> None:
        environment = {name: value for name, value in os.environ.items() if name not in NOT_HANDED_ON}
        tally = folder / "tally.json"
        tally.unlink(missing_ok=True)
        command = [sys.executable, "-m", "pytest", "--quiet", f"--tally={tally}", "--durations=10"]
        command += ["-o", f"cache_dir={folder / 'cache'}", *self.part, *arguments]
        self.status = subprocess.call(command, env={**environment, **self.environment}, stdout=self.output)
        self.counts, self.figures = Counter(), []
        if tally.exists():
            counted = json.loads(tally.read_text())
            self.counts, self.figures = Counter(counted["counts"]), counted["figures"]

    @property
    def good(self) -> bool:
        """Whether nothing failed; a part of the suite may be empty."""
        return self.status == 0 or (self.status == NO_TESTS_COLLECTED and bool(self.environment))


def main(arguments: list[str]) -> int:
    """Run every leg that can run, say what was proven where, and return the exit status."""
    names, absent = _reached()
    urls = {need: {VARIABLES[need]: url} for need, _, url in SERVERS if need in names}
    everything = Leg([], MANY)
    legs = [everything]
    with tempfile.TemporaryFile("w+") as output, ThreadPoolExecutor() as beside:
        sparing, waited_for = [], []
        if "broker" in names:
            # One process, as all of them would share its queues; beside the others, as it mostly waits.
            sent = Leg(["--needing=broker"], ALONE, urls.get("database", {}) | urls["broker"], output)
            sparing, waited_for = ["--not-needing=broker"], [beside.submit(sent.run, arguments)]
            legs.append(sent)
        everything.run(arguments)
        if "database" in names:
            stored = Leg(["--needing=database", *sparing], MANY, urls["database"])
            legs.append(stored)
            stored.run(arguments)
        for leg in waited_for:
            leg.result()
        output.seek(0)
        print(output.read(), end="")
    proven = [
        _line(servers.sqlite(), everything.counts["database"]),
        _line(servers.valkey(), everything.counts["broker"]),
        *(_line(name, sum(leg.counts[need] for leg in legs[1:])) for need, name in names.items()),
        *absent,
    ]
    return _report(legs, proven)


def _reached() -> tuple[dict[str, str], list[str]]:
    """Return the name of the server that answers for each need, and why others don't."""
    names, absent = {}, []
    for need, probe, url in SERVERS:
        try:
            names[need] = probe(url)
        except servers.NotReachedError as error:
            absent.append(str(error))
    return names, absent


def _line(name: str, tests: int) -> str:
    return f"{name} {tests} tests"


def _report(legs: list[Leg], proven: list[str]) -> int:
    counts: Counter[str] = sum((leg.counts for leg in legs), Counter())
    good = all(leg.good for leg in legs)
    failed = counts["failed"] or int(not good)
    print(f"\nmeasured: {', '.join(legs[0].figures) or 'nothing'}")
    print(f"proven: {', '.join(proven)}; {counts['skipped']} skipped")
    alone = sum(leg.repeated for leg in legs)
    only = f" ({alone} only when repeated alone, named above)" if alone else ""
    print(f"{counts['passed']} passed{only}, {failed} failed", flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
