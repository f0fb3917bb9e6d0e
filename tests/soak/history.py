"""What a soak left behind, read for the checker: acknowledged enqueues, effects, final tables, faults."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

from tests.soak import effects
from tests.soak.effects import Line

LOSING_MESSAGES = frozenset(
    {
        "broker wipe",
        "broker restart without data",
        "broker failover",
        "broker failover while frozen",
        "broker failover without data",
        "cut host",
    }
)
FINAL = frozenset({"SUCCESS", "FAILED", "CANCELLED", "SKIPPED", "MISSED"})


@dataclass(frozen=True)
class Execution:
    """What one attempt wrote: the lines of one run under one token."""

    run: str
    token: int
    lines: list[Line]

    @property
    def began(self) -> float:
        """When its body began."""
        return float(self.lines[0]["mono"])

    @property
    def last(self) -> float:
        """When it last wrote; a killed one may have lived a little longer."""
        return float(self.lines[-1]["mono"])

    @property
    def pid(self) -> int:
        """Its process."""
        return int(self.lines[0]["pid"])

    @property
    def ended(self) -> bool:
        """Whether its body came to its end."""
        return any(line["event"] == "end" for line in self.lines)


@dataclass
class History:
    """Everything the checker may look at."""

    enqueues: list[Line] = field(default_factory=list)
    effects: list[Line] = field(default_factory=list)
    runs: list[Line] = field(default_factory=list)
    results: list[Line] = field(default_factory=list)
    bookings: list[Line] = field(default_factory=list)
    workers: list[Line] = field(default_factory=list)
    faults: list[Line] = field(default_factory=list)
    messages: list[Line] = field(default_factory=list)
    outages: list[Line] = field(default_factory=list)

    @classmethod
    def read(cls, folder: Path) -> History:
        """Read the logs in `folder`."""
        return cls(**{name: effects.read(folder / f"{name}.jsonl") for name in cls.__dataclass_fields__})

    @cached_property
    def rows(self) -> dict[str, Line]:
        """The final rows by run."""
        return {str(row["id"]): row for row in self.runs}

    @cached_property
    def answers(self) -> dict[str, Line]:
        """The stored results by run: status, and the returned value as `result`."""
        return {str(row["task_id"]): {**row, "result": json.loads(row["result"] or "null")} for row in self.results}

    @cached_property
    def executions(self) -> dict[str, list[Execution]]:
        """The executions of each run, by token."""
        lines: dict[tuple[str, int], list[Line]] = defaultdict(list)
        for line in sorted(self.effects, key=lambda line: line["mono"]):
            lines[line["run"], line["token"]].append(line)
        found: dict[str, list[Execution]] = defaultdict(list)
        for run, token in sorted(lines):
            found[run].append(Execution(run, token, lines[run, token]))
        return found

    @cached_property
    def rung_at(self) -> dict[str, list[float]]:
        """When a message was sent for each run, or a body of it began, in order."""
        found: dict[str, list[float]] = defaultdict(list)
        for message in self.messages:
            found[message["headers"]["id"]].append(message["at"])
        for line in self.effects:
            if line["event"] == "start":
                found[line["run"]].append(line["at"])
        return {run: sorted(times) for run, times in found.items()}

    @cached_property
    def frozen(self) -> set[int]:
        """The processes stopped or cut off for longer than their lease: what they write afterwards is stale."""
        return {pid for fault in self.faults if fault["kind"].startswith(("freeze", "cut")) for pid in fault["pids"]}

    def told(self, event: str) -> list[Line]:
        """Return the client's lines of one kind."""
        return [line for line in self.enqueues if line["event"] == event]

    def broker_lost_after(self, at: float) -> bool:
        """Whether the broker lost its messages after that time."""
        return any(fault["at"] > at and fault["kind"] in LOSING_MESSAGES for fault in self.faults)

    def lost_attempts(self, run: str) -> list[Line]:
        """Return the row's entries of attempts that were given up as LOST."""
        return [entry for entry in self.rows.get(run, {}).get("attempts", []) if entry["kind"] == "LOST"]

    def repeats_allowed(self, run: str) -> int:
        """Return how many attempts the row says were cut short by a fault, and so were to be repeated."""
        entries = self.rows.get(run, {}).get("attempts", [])
        return sum(1 for entry in entries if entry["kind"] == "LOST" or entry["fault"])


def seconds_of(moment: str) -> float:
    """Return an ISO time as seconds since the epoch."""
    return datetime.fromisoformat(moment).timestamp()
