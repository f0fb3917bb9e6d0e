"""From fault to rescue: which fault cost which attempt, how long it took until the run was back in its queue; pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.soak.effects import Line
from tests.soak.history import History, seconds_of

SLACK_SECONDS = 0.5
AFTERMATH_SECONDS = 10.0


@dataclass(frozen=True)
class Rescue:
    """One attempt that a fault cost: seconds until the run was given back.

    `hindered` says that another fault struck the rescuers meanwhile or just before: the database away, the broker
    frozen, or a beat killed.
    """

    kind: str
    given_back: float
    hindered: bool = False


def rescues(history: History) -> list[Rescue]:
    """Return every attempt given up as LOST together with the fault that struck its process."""
    nodes = {str(line["id"]): int(line["pid"]) for line in history.workers}
    return [
        Rescue(fault["kind"], seconds_of(entry["ended_at"]) - fault["at"], _is_hindered(history, entry, fault))
        for run in history.rows
        for entry in history.lost_attempts(run)
        if (fault := _fault_of(history, run, entry, nodes)) is not None
    ]


def unexplained(history: History) -> Iterator[str]:
    """Yield the attempts given up as LOST although no fault struck the worker they ran on."""
    nodes = {str(line["id"]): int(line["pid"]) for line in history.workers}
    for run in history.rows:
        for entry in history.lost_attempts(run):
            if _fault_of(history, run, entry, nodes) is None:
                yield f"{run} attempt {entry['attempt']} from {entry['started_at']} to {entry['ended_at']}"


def _fault_of(history: History, run: str, entry: Line, nodes: dict[str, int]) -> Line | None:
    """Return the fault that cost the attempt: of its own process if it wrote anything, else of its node."""
    began, ended = seconds_of(entry["started_at"]), seconds_of(entry["ended_at"])
    wrote = {
        each.pid for each in history.executions.get(run, []) if began - SLACK_SECONDS <= each.lines[0]["at"] <= ended
    }
    node = nodes.get(entry["worker"])
    during = [fault for fault in history.faults if began - SLACK_SECONDS <= fault["at"] <= ended and fault["pids"]]
    direct = [fault for fault in during if wrote & set(fault["pids"])]
    of_node = [fault for fault in during if node in {fault.get("parent"), *fault["pids"]}]
    return next(iter(direct or of_node), None)


def _is_hindered(history: History, entry: Line, fault: Line) -> bool:
    beats = {int(line["pid"]) for line in history.workers if line.get("kind") == "beat"}
    first, last = fault["at"] - AFTERMATH_SECONDS, seconds_of(entry["ended_at"])
    return any(
        other["kind"].startswith(("database", "broker freeze")) or beats & set(other["pids"])
        for other in history.faults
        if first <= other["at"] <= last
    )
