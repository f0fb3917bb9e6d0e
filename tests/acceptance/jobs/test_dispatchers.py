"""Several dispatchers at once: each run that is due is published by one of them, counted at the broker."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from jobs import ledger
from jobs.models import Run, Worker
from tests.acceptance.jobs.conftest import QUEUES, Engine
from tests.plugins.broker import Valkey
from tests.plugins.polling import poll
from tests.tasks_for_tests import noted

DISPATCHERS = 3
ROUNDS, RUNS = 4, 45


def published(broker: Valkey) -> list[str]:
    """Return the ids of the runs that messages in the broker stand for, one for each message."""
    with broker.client() as client:
        lists = [key for key in client.scan_iter("*") if client.type(key) == b"list"]
        return [str(json.loads(message)["headers"]["id"]) for key in lists for message in client.lrange(key, 0, -1)]


@pytest.mark.timeout(240)
@pytest.mark.broker
@pytest.mark.embedded
@pytest.mark.req("PL-6")
@pytest.mark.usefixtures("a_message_each")
def test_dispatchers_publish_no_run_twice(own_engine: tuple[Engine, Valkey]) -> None:
    engine, broker = own_engine
    broker.start()
    for _ in range(DISPATCHERS):
        engine.start_beat(wait=False)
    beats = Worker.objects.filter(kind=Worker.Kind.BEAT, heartbeats__gt=0)
    poll(lambda: len(set(beats.values_list("pid", flat=True))) == DISPATCHERS, within=90)
    start = ledger.now() + timedelta(seconds=2)
    # All of a queue fit into its window: nothing takes them out again.
    runs = [
        str(pk)
        for round_ in range(ROUNDS)
        for queue in QUEUES.split(",")
        for pk in noted.enqueue_many([{}] * RUNS, queue=queue, eta=start + timedelta(seconds=round_))
    ]
    poll(lambda: set(published(broker)) == set(runs), within=60)
    assert sorted(published(broker)) == sorted(runs)
    assert Run.objects.filter(published_at__isnull=False).count() == len(runs) == ROUNDS * RUNS * 4
