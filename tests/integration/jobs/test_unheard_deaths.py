"""A child that dies before its pool knows what it has begun: the run is let go of, and given back by a beat."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import Any

import pytest

from jobs import presence
from jobs.conf import conf
from jobs.models import Run, Worker
from jobs.presence import Presence
from jobs.rescue import Rescuer
from jobs.unheard_deaths import UnheardDeaths
from tests.rows import NOON, saved_run

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.req("PL-5"),
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows its processes so"),
]


def _running(node: Worker, process_id: int | None, **columns: Any) -> Run:
    its = {"job": "noted", "state": "RUNNING", "attempt": 1, "token": 1, "started_at": NOON, "max_attempts": 3}
    return saved_run(**its, worker=node, process_id=process_id, **columns)


def _looks(deaths: UnheardDeaths, *, leases: int) -> list[int]:
    """Look four times per lease, as heartbeats do."""
    return [deaths.look(at=number * conf().lease_seconds / 4) for number in range(leases * 4 + 2)]


def test_a_run_whose_process_is_gone_for_a_lease_is_given_back(this_node: Worker) -> None:
    with subprocess.Popen(["true"]) as child:
        child.wait()
    run = _running(this_node, child.pid)
    assert _looks(UnheardDeaths(list), leases=1) == [0, 0, 0, 0, 1, 0]
    assert Rescuer().rescue(now=NOON) == 1
    run.refresh_from_db()
    assert (run.state, [entry["message"] for entry in run.attempts]) == ("RETRYING", ["its process is gone"])


def test_runs_of_living_processes_and_those_that_wait_for_children_are_left_alone(this_node: Worker) -> None:
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    with subprocess.Popen(["sleep", "60"]) as child, subprocess.Popen(["sleep", "60"]) as leaving:
        for pid in (os.getpid(), child.pid, leaving.pid, None):
            _running(this_node, pid)
        _running(this_node, gone.pid, waits_for="children")
        assert set(_looks(UnheardDeaths(lambda: [child.pid]), leases=2)) == {0}
        for living in (child, leaving):
            living.kill()


def test_a_run_that_was_claimed_again_meanwhile_has_a_lease_again(this_node: Worker) -> None:
    with subprocess.Popen(["true"]) as child:
        child.wait()
    _running(this_node, child.pid)
    deaths = UnheardDeaths(list)
    assert [deaths.look(at=at) for at in (0.0, 1.0)] == [0, 0]
    Run.objects.update(token=2)
    assert _looks(deaths, leases=1)[:4] == [0, 0, 0, 0]


def test_a_node_looks_with_each_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "_worker_id", None)
    monkeypatch.setattr(presence, "sign_sessions", lambda _: None)
    looked = threading.Event()

    def look(*, at: float) -> None:
        looked.set()

    kind = Worker.Kind.COMMAND
    node = Presence(kind=kind, name="looks@here", queues=[], concurrency=1, on_lost=looked.clear, on_beat=look)
    node.begin()
    try:
        assert looked.wait(20)
    finally:
        node.end()
