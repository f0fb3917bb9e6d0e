"""Who reports: what /readyz and `jobs why` take for alive, and how long silence is borne."""

from __future__ import annotations

import socket
from datetime import timedelta

import pytest

from jobs import health, ledger
from jobs.conf import conf
from jobs.models import Worker

pytestmark = [pytest.mark.django_db, pytest.mark.req("SK-11")]


def node(kind: str, *, silent_leases: float, queues: tuple[str, ...] = ()) -> Worker:
    now = ledger.now()
    return Worker.objects.create(
        kind=kind,
        name=f"{kind}@test",
        hostname=socket.gethostname(),
        pid=1,
        queues=list(queues),
        started_at=now - timedelta(hours=1),
        heartbeat_at=now - timedelta(seconds=silent_leases * conf().lease_seconds),
    )


@pytest.mark.parametrize(("check", "kind"), [("beat", Worker.Kind.BEAT), ("workers", Worker.Kind.WORKER)])
def test_a_node_silent_for_over_two_leases_does_not_count_as_alive(check: str, kind: str) -> None:
    node(kind, silent_leases=2.1)
    assert not health.report()[check].ok
    node(kind, silent_leases=0.5)
    assert health.report()[check].ok


def test_a_beat_that_hangs_is_told_before_it_ends_itself_and_one_that_works_makes_up_for_it() -> None:
    hung = node(Worker.Kind.BEAT, silent_leases=0)
    Worker.objects.filter(pk=hung.pk).update(lag_seconds=30)
    found = health.report()["beat"]
    assert (found.ok, found.problem) == (False, "beat is wedged: late by 30 s")
    node(Worker.Kind.BEAT, silent_leases=0)
    assert health.report()["beat"].ok


def test_only_nodes_that_go_on_report() -> None:
    now = ledger.now()
    alive, stopped, lost = (node(Worker.Kind.BEAT, silent_leases=0) for _ in range(3))
    Worker.objects.filter(pk=stopped.pk).update(stopped_at=now)
    Worker.objects.filter(pk=lost.pk).update(lost_at=now)
    assert list(Worker.objects.reporting(Worker.Kind.BEAT, now=now)) == [alive]
