"""The soak's checker: clean histories pass, and every planted loss, double, overlap or stray is found."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.soak.checker import Verdict, judge
from tests.soak.history import History
from tests.soak.rescues import Rescue

NODE, CHILD, OTHER, BEAT = 100, 101, 102, 103
RUN = "run-1"
WORKERS = [{"id": "w", "pid": NODE, "kind": "worker"}, {"id": "b", "pid": BEAT, "kind": "beat"}]


def line(event: str, *, at: float, run: str = RUN, token: int = 1, pid: int = CHILD, **more: Any) -> dict[str, Any]:
    return {"event": event, "run": run, "token": token, "pid": pid, "at": at, "mono": at, "job": "soak_quick", **more}


def body(begin: float, end: float | None, **more: Any) -> list[dict[str, Any]]:
    last = [] if end is None else [line("end", at=end, **more)]
    return [line("start", at=begin, **more), *last]


def row(
    run: str = RUN, *, state: str = "SUCCESS", token: int = 1, job: str = "soak_quick", **more: Any
) -> dict[str, Any]:
    columns = {"id": run, "job": job, "state": state, "token": token, "kwargs": {"n": 1}, "parent_id": None}
    return {**columns, "attempts": [], "reason": "", "error_kind": "", "waits_for": "", **more}


def result(run: str = RUN, *, token: int = 1, **more: Any) -> dict[str, Any]:
    return {"task_id": run, "status": "SUCCESS", "result": json.dumps({"n": 1, "token": token, **more})}


def ack(run: str = RUN, *, kind: str = "quick") -> dict[str, Any]:
    return {"event": "ack", "run": run, "kind": kind, "n": 1, "at": 0.0}


def lost_entry(began: float, ended: float) -> dict[str, Any]:
    times = {"started_at": iso(began), "ended_at": iso(ended)}
    return {"kind": "LOST", "fault": False, "attempt": 1, "worker": "w", **times}


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, tz=UTC).isoformat()


def kill(at: float, *pids: int, kind: str = "kill child") -> dict[str, Any]:
    return {"kind": kind, "at": at, "pids": list(pids), "parent": NODE}


def clean(**changes: Any) -> History:
    """Return the history of one job that was acknowledged and ran once, with `changes`."""
    parts: dict[str, Any] = {"enqueues": [ack()], "effects": body(1, 2), "runs": [row()], "results": [result()]}
    return History(**{**parts, "workers": WORKERS, **changes})


def rescued(**changes: Any) -> History:
    """Return the history of one job whose first attempt was killed at 1.5 and given back at 3."""
    parts: dict[str, Any] = {
        "effects": [*body(1, None), *body(4, 5, token=2, pid=OTHER)],
        "runs": [row(token=2, attempts=[lost_entry(1, 3)])],
        "results": [result(token=2)],
        "faults": [kill(1.5, CHILD)],
    }
    return clean(**{**parts, **changes})


def kinds(verdict: Verdict) -> list[str]:
    return [kind for kind, _ in verdict.violations]


def test_a_clean_history_is_good() -> None:
    verdict = judge(clean())
    assert verdict.good
    assert (verdict.counts["acknowledged"], verdict.counts["ok"], verdict.counts["executions"]) == (1, 1, 1)


def test_the_projects_own_schedules_are_not_asked_for_effects() -> None:
    assert judge(clean(runs=[row(), row("other", job="ingest_emails")])).good


def test_a_rescue_is_good_and_timed() -> None:
    verdict = judge(rescued())
    assert verdict.violations == []
    assert verdict.rescues == [Rescue("kill child", 1.5, 1.5, rung=2.5)]


def outage(kind: str, *, began: float, over: float) -> dict[str, Any]:
    return {"kind": kind, "began": began, "at": over}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"outages": [outage("database", began=2.0, over=2.5)]}, Rescue("kill child", 1.5, 0.5, rung=2.5)),
        ({"outages": [outage("database", began=2.0, over=3.5)]}, Rescue("kill child", 1.5, 0.0, rung=2.5)),
        ({"outages": [outage("database", began=3.5, over=3.6)]}, Rescue("kill child", 1.5, 1.5, rung=2.5)),
        ({"faults": [kill(1.5, CHILD), kill(2.25, BEAT)]}, Rescue("kill child", 1.5, 0.75, rung=2.5)),
        (
            {"outages": [outage("broker", began=1.0, over=3.5)]},
            Rescue("kill child", 1.5, 1.5, rung=2.5, broker_was_well=False),
        ),
        ({"outages": [outage("broker", began=4.5, over=5.5)]}, Rescue("kill child", 1.5, 1.5, rung=2.5)),
    ],
    ids=["database", "still-away", "database-later", "beat", "broker", "broker-later"],
)
def test_a_rescue_tells_what_stood_in_its_way(more: dict[str, Any], expected: Rescue) -> None:
    assert judge(rescued(**more)).rescues == [expected]


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        (clean(runs=[], effects=[], results=[]), ["lost"]),
        (clean(runs=[row(state="QUEUED")], effects=[], results=[]), ["lost"]),
        (clean(runs=[row(state="FAILED")]), ["wrongly ended"]),
        (clean(enqueues=[ack(kind="poison")]), ["wrongly ended"]),
        (clean(effects=[]), ["success without effect"]),
        (clean(effects=body(1, None)), ["success without effect"]),
        (clean(results=[]), ["result lost"]),
        (clean(results=[result(token=9)]), ["result lost"]),
        (clean(effects=[*body(1, 2), *body(1.5, None, pid=OTHER)]), ["execution doubled"]),
        (
            clean(effects=[*body(1, 2), *body(3, 4, token=2)], runs=[row(token=2)], results=[result(token=2)]),
            ["execution doubled"],
        ),
        (rescued(effects=[*body(1, 4.5), *body(4, 5, token=2, pid=OTHER)]), ["overlapping"]),
        (rescued(faults=[]), ["live run rescued"]),
        (rescued(faults=[kill(3.5, CHILD)]), ["live run rescued"]),
        (clean(enqueues=[ack(), {"event": "rolled back", "run": RUN}]), ["unexpected"]),
        (clean(effects=[*body(1, 2), *body(1, 2, run="stray")]), ["unexpected"]),
        (clean(runs=[row(), row("run-2", state="RUNNING")]), ["left running"]),
    ],
)
def test_what_was_planted_is_found(planted: History, found: list[str]) -> None:
    assert kinds(judge(planted)) == found


def test_two_open_bodies_of_one_key_overlap() -> None:
    effects = [*body(1, 3, key="k"), *body(2, 4, run="run-2", pid=OTHER, key="k")]
    verdict = judge(clean(effects=effects, runs=[row(), row("run-2")], results=[result(), result("run-2")]))
    assert kinds(verdict) == ["overlapping"]


def test_a_long_holder_of_a_key_overlaps_more_than_its_next() -> None:
    effects = [*body(1, 9, key="k"), *body(2, 3, run="run-2", key="k"), *body(5, 6, run="run-3", key="k")]
    runs = [row(), row("run-2"), row("run-3")]
    verdict = judge(clean(effects=effects, runs=runs, results=[result(), result("run-2"), result("run-3")]))
    assert kinds(verdict) == ["overlapping", "overlapping"]


def test_bodies_of_one_key_that_follow_each_other_do_not_overlap() -> None:
    effects = [*body(1, 2, key="k"), *body(2.1, 4, run="run-2", pid=OTHER, key="k")]
    assert judge(clean(effects=effects, runs=[row(), row("run-2")], results=[result(), result("run-2")])).good


def test_what_a_frozen_process_writes_late_is_counted_as_stale() -> None:
    effects = [*body(1, 4.5), *body(4, 5, token=2, pid=OTHER)]
    verdict = judge(rescued(effects=effects, faults=[kill(1.5, NODE, CHILD, kind="freeze worker")]))
    assert verdict.good
    assert verdict.counts["stale effects after a freeze"] == 1


def test_a_kept_step_done_again_is_a_doubled_effect() -> None:
    steps = [line("step", at=1.1, key="1/0"), line("kept", at=1.2, key="1/0"), line("step", at=4.1, token=2, key="1/0")]
    effects = [*body(1, None), *steps, *body(4, 5, token=2, pid=OTHER)]
    assert kinds(judge(rescued(effects=effects))) == ["effect doubled"]


def test_a_step_whose_process_died_before_it_was_kept_may_be_done_again() -> None:
    steps = [line("step", at=1.1, key="1/0"), line("step", at=4.1, token=2, key="1/0", pid=OTHER)]
    effects = [*body(1, None), *steps, *body(4, 5, token=2, pid=OTHER)]
    assert judge(rescued(effects=effects)).good


@pytest.mark.parametrize(("times", "found"), [(0, ["effect lost"]), (1, []), (2, ["effect doubled"])])
def test_a_booking_is_there_exactly_once(times: int, found: list[str]) -> None:
    bookings = [{"name": f"booking 1 {number}"} for number in range(times)]
    assert kinds(judge(clean(runs=[row(job="soak_booking")], bookings=bookings))) == found


@pytest.mark.parametrize(("rows", "found"), [(25, []), (24, ["effect lost"])])
def test_an_iterator_leaves_no_row_out(rows: int, found: list[str]) -> None:
    effects = [line("start", at=1), *(line("row", at=1.5, key=f"1/{n}") for n in range(rows)), line("end", at=2)]
    assert kinds(judge(clean(effects=effects, runs=[row(job="soak_iterator")]))) == found


@pytest.mark.parametrize(("children", "found"), [(5, []), (6, ["family broken"]), (4, ["family broken"])])
def test_a_parent_has_each_child_once(children: int, found: list[str]) -> None:
    ids = [f"child-{n}" for n in range(children)]
    history = clean(
        effects=[*body(1, 2), *(each for child in ids for each in body(3, 4, run=child))],
        runs=[row(job="soak_parent"), *(row(child, parent_id=RUN, job="soak_child") for child in ids)],
        results=[result(children={"sums": {"children_done": 5}}), *(result(child) for child in ids)],
    )
    assert kinds(judge(history)) == found


def test_a_foreign_message_that_the_broker_lost_is_counted_apart() -> None:
    sent = [{"event": "foreign", "run": run, "at": 1.0} for run in (RUN, "gone")]
    with_wipe = judge(clean(enqueues=[ack(), *sent], faults=[kill(5.0, kind="broker wipe")]))
    without = judge(clean(enqueues=[ack(), *sent]))
    assert with_wipe.counts["foreign messages lost with the broker"] == 1
    assert without.counts["foreign messages lost otherwise"] == 1
