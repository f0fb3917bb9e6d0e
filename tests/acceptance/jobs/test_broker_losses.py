"""A broker that loses its messages or its connections while runs are at work and waiting: each run executes once."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from project.celery import app
from tests.acceptance.jobs.conftest import QUEUES, Engine, speak_to
from tests.holes import BlackHole
from tests.lingering_jobs import gate, waits_at_gate
from tests.plugins.broker import Valkey
from tests.plugins.polling import poll
from tests.soak.sentinel import MASTER, Sentinel
from tests.tasks_for_tests import noted

pytestmark = [pytest.mark.broker, pytest.mark.embedded, pytest.mark.req("PL-5")]
BOUND_SECONDS = 20.0


def outlives(engine: Engine, befall: Callable[[], object]) -> None:
    """Let something befall the broker while one run is at work and others have their messages in it."""
    engine.start_worker(queues=QUEUES, wait=False)
    engine.start_beat()
    busy = waits_at_gate.delay("outage")
    poll(lambda: engine.notes(busy, event="begin"), within=60)
    results = [noted.delay(f"before {n}") for n in range(10)]
    befall()
    results.append(noted.delay("after"))
    gate("outage").touch()
    assert [engine.ended(result, within=90).state for result in (busy, *results)] == ["SUCCESS"] * 12
    assert [len(engine.notes(result, event="begin")) for result in (busy, *results)] == [1] * 12


def test_runs_outlive_a_broker_that_starts_again_without_its_data(own_engine: tuple[Engine, Valkey]) -> None:
    engine, broker = own_engine
    broker.start()

    def befall() -> None:
        broker.stop(kill=True)
        for path in broker.socket.parent.rglob("*.aof*"):
            path.unlink()
        broker.start()
        with broker.client() as client:
            assert client.dbsize() == 0

    outlives(engine, befall)


def test_runs_outlive_a_network_that_swallows_everything(own_engine: tuple[Engine, Valkey]) -> None:
    engine, broker = own_engine
    broker.start()
    with BlackHole(broker.socket) as hole:
        engine.broker_url = f"redis://127.0.0.1:{hole.port}/0"
        speak_to(engine.broker_url)

        def befall() -> None:
            hole.silent.set()
            began = time.monotonic()
            result = noted.delay("swallowed")
            assert time.monotonic() - began < BOUND_SECONDS
            assert engine.run(result).state == "QUEUED"
            hole.silent.clear()

        outlives(engine, befall)
        engine.close()


def test_runs_outlive_a_failover_to_a_replica_that_has_forgotten(
    own_engine: tuple[Engine, Valkey], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, _ = own_engine
    if shutil.which("redis-server") is None:
        pytest.skip("no redis-server on this machine")
    sentinel = Sentinel(tmp_path)
    try:
        sentinel.start()
        monkeypatch.setitem(app.conf.broker_transport_options, "master_name", MASTER)
        engine.broker_url = sentinel.url
        speak_to(engine.broker_url)
        outlives(engine, lambda: sentinel.fail_over(forget=True))
        engine.close()
    finally:
        sentinel.stop()
