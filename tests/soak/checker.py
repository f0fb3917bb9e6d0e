"""Judges a soak in Jepsen's words from what it left behind alone; pure, and knows nothing of the engine's code."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from tests.soak.history import FINAL, Execution, History
from tests.soak.rescues import Rescue, rescues, unexplained

CHILDREN = 5
ROWS = 25


@dataclass
class Verdict:
    """What was found: counts by name, times of rescue in seconds, and every violation in words."""

    counts: Counter[str] = field(default_factory=Counter)
    rescues: list[Rescue] = field(default_factory=list)
    violations: list[tuple[str, str]] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nothing was violated."""
        return not self.violations

    def of(self, kind: str) -> int:
        """Return how many violations of a kind there are."""
        return sum(1 for found, _ in self.violations if found == kind)


Finding = tuple[str, str]


def judge(history: History) -> Verdict:
    """Return the verdict over a history."""
    verdict = Verdict(rescues=rescues(history))
    _count(history, verdict.counts)
    for rule in RULES:
        verdict.violations += rule(history)
    return verdict


def _count(history: History, counts: Counter[str]) -> None:
    states = {run: row["state"] for run, row in history.rows.items()}
    acknowledged = [line["run"] for line in history.told("ack")]
    counts["attempted"] = len(history.told("try"))
    counts["acknowledged"] = len(acknowledged)
    counts["ok"] = sum(states.get(run) in FINAL for run in acknowledged)
    counts["runs"] = len(states)
    counts["executions"] = sum(len(found) for found in history.executions.values())
    counts["executions repeated after a fault"] = sum(
        max(0, sum(each.ended for each in found) - 1) for found in history.executions.values()
    )
    counts["attempts lost"] = sum(len(history.lost_attempts(run)) for run in states)
    counts["stale effects after a freeze"] = sum(old.pid in history.frozen for old, _ in _stale(history)) + sum(
        bool(history.frozen & {one.pid, other.pid}) for _, one, other in _crossed_keys(history)
    )
    foreign = history.told("foreign")
    gone = [line for line in foreign if line["run"] not in history.executions]
    counts["foreign messages"] = len(foreign)
    counts["foreign messages lost with the broker"] = sum(history.broker_lost_after(line["at"]) for line in gone)
    counts["foreign messages lost otherwise"] = len(gone) - counts["foreign messages lost with the broker"]


def lost(history: History) -> Iterator[Finding]:
    """Every acknowledged enqueue has a row in a final state."""
    for line in history.told("ack"):
        row = history.rows.get(line["run"])
        if row is None or row["state"] not in FINAL:
            where = "no row" if row is None else f"{row['state']}: {row['reason']}"
            yield "lost", f"{line['kind']} {line['run']} ({where})"


def wrongly_ended(history: History) -> Iterator[Finding]:
    """Every acknowledged run ended as its job must; one that faults killed as often as its policy allows may fail."""
    for line in history.told("ack"):
        row = history.rows.get(line["run"])
        if row is None or row["state"] not in FINAL:
            continue
        wanted = "FAILED" if line["kind"] == "poison" else "SUCCESS"
        killed_too_often = row["state"] == "FAILED" and row["job"] == "soak_poison" and _lost(history, row["id"]) >= 3
        if row["state"] != wanted and not killed_too_often:
            yield "wrongly ended", f"{line['kind']} {line['run']}: {row['state']} {row['error_kind']} {row['reason']}"


def without_effect(history: History) -> Iterator[Finding]:
    """Every SUCCESS of the soak's own jobs was earned: the attempt with the row's token ended, its result is stored."""
    for run, row in history.rows.items():
        if row["state"] != "SUCCESS" or not row["job"].startswith("soak_"):
            continue
        if not any(each.ended and each.token == row["token"] for each in history.executions.get(run, [])):
            yield "success without effect", f"{row['job']} {run} token {row['token']}"
        answer = history.answers.get(run)
        if answer is None or answer["status"] != "SUCCESS" or answer["result"]["token"] != row["token"]:
            yield "result lost", f"{row['job']} {run} token {row['token']}: {answer}"


def started_twice(history: History) -> Iterator[Finding]:
    """No two bodies begin under one token."""
    for found in history.executions.values():
        for each in found:
            starts = sum(line["event"] == "start" for line in each.lines)
            if starts > 1:
                yield "execution doubled", f"{each.lines[0]['job']} {each.run} token {each.token}: {starts} starts"


def repeated(history: History) -> Iterator[Finding]:
    """A body that ended ends again only after a fault that the row tells of."""
    for run, found in history.executions.items():
        extra = sum(each.ended for each in found) - 1
        if extra > history.repeats_allowed(run):
            yield "execution doubled", f"{found[0].lines[0]['job']} {run}: {extra + 1} ends, not explained"


def overlapping(history: History) -> Iterator[Finding]:
    """No attempt writes anything once its successor has begun, unless it was frozen in between."""
    for old, new in _stale(history):
        if old.pid not in history.frozen:
            yield "overlapping", f"{old.run}: token {old.token} wrote after {new.token} began"


def crossed_keys(history: History) -> Iterator[Finding]:
    """No two bodies of one concurrency key are open at the same time, unless one was frozen."""
    for key, one, other in _crossed_keys(history):
        if not history.frozen & {one.pid, other.pid}:
            yield "overlapping", f"{key}: {one.run} and {other.run}"


def steps_doubled(history: History) -> Iterator[Finding]:
    """A step that `once` has kept is never done again."""
    kept: set[str] = set()
    for line in sorted(history.effects, key=lambda line: line["mono"]):
        if line["event"] == "kept":
            kept.add(line["key"])
        elif line["event"] == "step" and line["key"] in kept and line["pid"] not in history.frozen:
            yield "effect doubled", f"step {line['key']} of {line['run']} done again by token {line['token']}"


def bookings_doubled(history: History) -> Iterator[Finding]:
    """What a job writes in one transaction with its `once` is there exactly once."""
    booked = Counter(int(line["name"].split()[1]) for line in history.bookings)
    for row in history.runs:
        if row["job"] == "soak_booking" and row["state"] == "SUCCESS" and booked[row["kwargs"]["n"]] == 0:
            yield "effect lost", f"booking {row['kwargs']['n']}"
    yield from (("effect doubled", f"booking {n}: {count} times") for n, count in booked.items() if count > 1)


def rows_left_out(history: History) -> Iterator[Finding]:
    """An iterator that succeeded went through every row."""
    seen = {line["key"] for line in history.effects if line["event"] == "row"}
    for row in history.runs:
        if row["job"] == "soak_iterator" and row["state"] == "SUCCESS":
            count = sum(key.startswith(f"{row['kwargs']['n']}/") for key in seen)
            if count != ROWS:
                yield "effect lost", f"iterator {row['kwargs']['n']}: {count} of {ROWS} rows"


def families(history: History) -> Iterator[Finding]:
    """A parent that succeeded has each of its children once, all ended before it."""
    children: Counter[str] = Counter(str(row["parent_id"]) for row in history.runs if row["parent_id"])
    for run, row in history.rows.items():
        if row["job"] == "soak_parent" and row["state"] == "SUCCESS":
            answer = history.answers.get(run, {}).get("result") or {}
            summed = answer.get("children", {}).get("sums", {}).get("children_done")
            if children[run] != CHILDREN or summed != CHILDREN:
                yield "family broken", f"{run}: {children[run]} children, {summed} in its result"


def unexpected(history: History) -> Iterator[Finding]:
    """What was rolled back never ran, and nothing ran that has no row."""
    for line in history.told("rolled back"):
        if line["run"] in history.rows or line["run"] in history.executions:
            yield "unexpected", f"{line['run']} was rolled back"
    for run in history.executions.keys() - history.rows.keys():
        yield "unexpected", f"{run} ran without a row"


def left_running(history: History) -> Iterator[Finding]:
    """Nothing is RUNNING once everything has drained."""
    yield from (("left running", f"{row['job']} {row['id']}") for row in history.runs if row["state"] == "RUNNING")


def live_rescued(history: History) -> Iterator[Finding]:
    """No attempt is given up as lost whose processes no fault struck."""
    yield from (("live run rescued", text) for text in unexplained(history))


RULES: list[Callable[[History], Iterator[Finding]]] = [
    lost, wrongly_ended, without_effect, started_twice, repeated, overlapping, crossed_keys, steps_doubled,
    bookings_doubled, rows_left_out, families, unexpected, left_running, live_rescued,
]  # fmt: skip


def _lost(history: History, run: str) -> int:
    return len(history.lost_attempts(str(run)))


def _stale(history: History) -> Iterator[tuple[Execution, Execution]]:
    for found in history.executions.values():
        yield from ((old, new) for old, new in pairwise(found) if old.last > new.began)


def _crossed_keys(history: History) -> Iterator[tuple[str, Execution, Execution]]:
    by_key: dict[str, list[Execution]] = defaultdict(list)
    for found in history.executions.values():
        for each in found:
            if key := each.lines[0].get("key"):
                by_key[key].append(each)
    for key, holders in by_key.items():
        latest: Execution | None = None
        for each in sorted(holders, key=lambda each: each.began):
            if latest is not None and each.began < latest.last:
                yield key, latest, each
            latest = each if latest is None or each.last > latest.last else latest
