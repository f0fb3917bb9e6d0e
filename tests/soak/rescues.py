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
    """One attempt that a fault cost: seconds until the run was given back, and until its message was sent again.

    `unhindered` counts the first from the end of what stood in its way: the database away, or a beat killed; it is the
    same where nothing did. `rung` is None when the run had no attempt left.
    """

    kind: str
    given_back: float
    unhindered: float
    rung: float | None = None
    broker_was_well: bool = True

    @property
    def is_hindered(self) -> bool:
        """Whether another fault stood in its way."""
        return self.unhindered != self.given_back


def rescues(history: History) -> list[Rescue]:
    """Return every attempt given up as LOST together with the fault that struck its process."""
    nodes = {str(line["id"]): int(line["pid"]) for line in history.workers}
    return [
        _rescue(history, run, seconds_of(entry["ended_at"]), fault)
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


def _rescue(history: History, run: str, ended: float, fault: Line) -> Rescue:
    struck = float(fault["at"])
    rung = next((at for at in history.rung_at.get(run, []) if at >= ended), None)
    return Rescue(
        fault["kind"],
        ended - struck,
        ended - max([struck, *_hindrances(history, struck, ended)]),
        rung and rung - struck,
        not any(_is_between(each, "broker", struck, rung or ended) for each in history.outages),
    )


def _hindrances(history: History, struck: float, ended: float) -> list[float]:
    """Return when each other fault ended that struck the rescuers meanwhile or just before."""
    beats = {int(line["pid"]) for line in history.workers if line.get("kind") == "beat"}
    away = [float(each["at"]) for each in history.outages if _is_between(each, "database", struck, ended)]
    killed = [float(each["at"]) for each in history.faults if beats & set(each["pids"])]
    return [min(at, ended) for at in away] + [at for at in killed if struck - AFTERMATH_SECONDS <= at <= ended]


def _is_between(outage: Line, kind: str, struck: float, ended: float) -> bool:
    return bool(outage["kind"] == kind and outage["began"] <= ended and outage["at"] >= struck - AFTERMATH_SECONDS)
