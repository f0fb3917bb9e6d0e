"""`make test`: the suite on SQLite and its own Valkey, then what needs a back end on each one that answers here.

TEST_DATABASE_URL and TEST_BROKER_URL name others. A few failures are repeated alone, once, and named.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests import servers

TESTS_FAILED, NO_TESTS_COLLECTED = 1, 5
MOST_REPEATED = 5
POSTGRES = os.environ.get("TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/test")
RABBITMQ = os.environ.get("TEST_BROKER_URL", "amqp://guest:guest@127.0.0.1:5672//")


@dataclass
class Leg:
    """One pass over the suite, or over a part of it, on given back ends."""

    options: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    figures: list[str] = field(default_factory=list)
    status: int = 0
    repeated: int = 0

    def run(self, arguments: list[str]) -> None:
        """Run pytest, repeat a few failures alone, and keep what was counted."""
        self._pytest([*self.options, "--cache-clear", *arguments])
        failed = self.counts["failed"]
        if self.status == TESTS_FAILED and failed <= MOST_REPEATED:
            first, figures = self.counts, self.figures
            print(f"\nrepeating {failed} alone", flush=True)
            again = [option for option in self.options if option.startswith("--needing")]
            self._pytest(["--last-failed", "-n", "0", "-rA", "--show-capture=no", *again])
            self.repeated = failed - self.counts["failed"]
            self.counts, self.figures = first + self.counts, [*figures, *self.figures]
            self.counts["failed"] -= failed

    def _pytest(self, arguments: list[str]) -> None:
        environment = {name: value for name, value in os.environ.items() if name not in servers.VARIABLES}
        with tempfile.TemporaryDirectory() as folder:
            tally = Path(folder) / "tally.json"
            command = [sys.executable, "-m", "pytest", "--quiet", f"--tally={tally}", "--durations=10", *arguments]
            self.status = subprocess.call(command, env={**environment, **self.environment})
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
    parallel = ["-n", "auto", "--dist", "worksteal"]
    everything = Leg(parallel)
    legs = [everything]
    everything.run(arguments)
    proven = [
        _line(servers.sqlite(), everything.counts["database"]),
        _line(servers.valkey(), everything.counts["broker"]),
    ]
    for need, probe, url, variable, options in (
        ("database", servers.postgres, POSTGRES, "TEST_DATABASE_URL", parallel),
        ("broker", servers.rabbitmq, RABBITMQ, "TEST_BROKER_URL", ["-n", "0"]),
    ):
        try:
            name = probe(url)
        except servers.NotReachedError as error:
            proven.append(f"{error}")
            continue
        leg = Leg([*options, f"--needing={need}"], {variable: url})
        leg.run(arguments)
        legs.append(leg)
        proven.append(_line(name, leg.counts[need]))
    return _report(legs, proven)


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
