"""A worker and a beat on each of two hosts, and one host cut off for longer than its lease, then joined again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from celery.result import AsyncResult
from django.db import connection
from django.db.models import Count
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from jobs.models import Run, Worker
from tests.acceptance.jobs.conftest import QUEUES, Engine
from tests.holes import BlackHole
from tests.hosts import Host, Network, why_not
from tests.lingering_jobs import gate, waits_at_gate_of_its_claim
from tests.plugins.broker import Valkey
from tests.plugins.polling import poll
from tests.plugins.processes import Process
from tests.tasks_for_tests import noted

pytestmark = [pytest.mark.timeout(240), pytest.mark.req("PL-4", "PL-5", "PL-6")]
LOST = 70
# Longer than in other tests: on a busy machine nobody but the host that is cut off may fall silent.
LEASE_SECONDS = 5


@pytest.fixture
def network() -> Iterator[Network]:
    if connection.vendor != "postgresql":
        pytest.skip("hosts share a database server: runs with PostgreSQL only")
    if reason := why_not():
        pytest.skip(reason)
    with Network("a", "b") as network:
        yield network


class Fleet:
    """A worker and a beat on each host of a network, and the way from there to the servers."""

    def __init__(self, engine: Engine, broker: Valkey, network: Network) -> None:
        self._ways = ExitStack()
        server = connection.settings_dict
        to_broker, to_database = (
            self._ways.enter_context(BlackHole(target, address=network.address))
            for target in (broker.socket, (server["HOST"], int(server["PORT"])))
        )
        given = os.environ["DATABASE_URL"].partition("@")[0]
        urls = {
            "BROKER_URL": f"redis://{network.address}:{to_broker.port}/0",
            "DATABASE_URL": f"{given}@{network.address}:{to_database.port}/{engine.database}",
        }
        self.workers: dict[str, Process] = {}
        self.beats: dict[str, Process] = {}
        for host in network.hosts.values():
            there = {**urls, "there": host.words, "MACHINE": host.name, "LEASE_SECONDS": str(LEASE_SECONDS)}
            self.beats[host.name] = engine.start_beat(wait=False, **there)
            self.workers[host.name] = engine.start_worker(
                queues=QUEUES, name=host.name, concurrency=2, wait=False, **there
            )
        for worker in self.workers.values():
            worker.said(r" ready\.", within=90)
        beats = Worker.objects.filter(kind=Worker.Kind.BEAT, heartbeats__gt=0)
        poll(lambda: set(beats.values_list("machine_name", flat=True)) == set(network.hosts), within=90)

    def close(self) -> None:
        self._ways.close()


@pytest.fixture
def fleet(own_engine: tuple[Engine, Valkey], network: Network) -> Iterator[tuple[Engine, Fleet]]:
    engine, broker = own_engine
    broker.start()
    fleet = Fleet(engine, broker, network)
    yield engine, fleet
    engine.close()
    fleet.close()


def host_of(result: AsyncResult[int], network: Network) -> Host:
    """Return the host on which the run is at work."""
    worker = Run.objects.select_related("worker").get(pk=result.id).worker
    assert worker
    return network.hosts[worker.machine_name]


def test_a_host_that_was_cut_off_finishes_nothing_that_others_took_over(
    fleet: tuple[Engine, Fleet], network: Network
) -> None:
    engine, processes = fleet
    interval = IntervalSchedule.objects.create(every=1, period="seconds")
    schedule = PeriodicTask.objects.create(name="ticks", task="add", args="[1, 2]", interval=interval)
    busy = waits_at_gate_of_its_claim.delay("cut")
    poll(lambda: engine.notes(busy, event="begin"), within=60)
    host = host_of(busy, network)

    host.cut()
    results = [noted.delay(f"while cut {n}") for n in range(20)]
    poll(lambda: len(engine.notes(busy, event="begin")) == 2, within=60)
    gate("cut-1").touch()
    poll(lambda: engine.notes(busy, event="end"), within=20)
    ticks = Run.objects.filter(schedule=schedule)
    before = ticks.count()
    poll(lambda: ticks.count() > before + LEASE_SECONDS, within=30)

    host.join()
    assert processes.workers[host.name].ended(within=90) == LOST
    processes.beats[host.name].said("reporting in anew", within=90)
    taken_over = engine.run(busy)
    assert (taken_over.state, taken_over.token) == ("RUNNING", 2)
    assert [entry["kind"] for entry in taken_over.attempts] == ["LOST"]
    gate("cut-2").touch()
    assert busy.get(timeout=60) == 2
    results += [noted.delay(f"joined {n}") for n in range(5)]
    assert [engine.ended(result, within=60).state for result in results] == ["SUCCESS"] * 25
    assert [len(engine.notes(result, event="begin")) for result in results] == [1] * 25
    assert [dict(each) for each in ticks.values("fire_at").annotate(n=Count("pk")).filter(n__gt=1)] == []
    assert not Run.objects.running().filter(worker__lost_at__isnull=False).exists()
