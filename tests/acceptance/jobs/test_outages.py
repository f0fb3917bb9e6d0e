"""A broker that is down, wiped, full or frozen: delay() returns soon, the run waits, and executes once it is back."""

from __future__ import annotations

import os
import signal
import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from kombu import Queue

from jobs import bell, ledger, publish
from jobs.bell_message import Key
from jobs.dispatch import forget_lost_messages
from jobs.models import Run
from jobs.publish import is_broker_away, publish_or_leave
from project.celery import app
from tests import servers
from tests.acceptance.jobs.conftest import QUEUES, Engine, speak_to
from tests.plugins.broker import Valkey
from tests.plugins.polling import poll
from tests.rows import saved_run, saved_worker
from tests.tasks_for_tests import add, noted

# They look at messages, which packed runs have none of.
pytestmark = [
    pytest.mark.broker,
    pytest.mark.embedded,
    pytest.mark.req("PL-5"),
    pytest.mark.usefixtures("a_message_each"),
]
BOUND_SECONDS = 8.0


def timed(action: Any) -> tuple[Any, float]:
    began = time.monotonic()
    return action(), time.monotonic() - began


def test_a_run_enqueued_while_the_broker_is_down_executes_after_it_is_back(own_engine: tuple[Engine, Valkey]) -> None:
    engine, broker = own_engine
    broker.start()
    engine.start_worker(queues=QUEUES, wait=False)
    engine.start_beat()
    engine.processes[0].said(r" ready\.")
    assert add.delay(1, 1).get(timeout=20) == 2
    broker.stop()
    results = []
    for n in range(5):
        result, took = timed(lambda n=n: noted.delay(f"down {n}"))
        assert took < BOUND_SECONDS
        results.append(result)
    with transaction.atomic():
        results.append(noted.delay("down 5"))
    rows = Run.objects.filter(pk__in=[result.id for result in results])
    assert list(rows.values_list("state", "attempt").distinct()) == [("QUEUED", 0)]
    broker.start()
    assert [result.get(timeout=60) for result in results] == [f"down {n}" for n in range(6)]
    assert [len(engine.notes(result, event="begin")) for result in results] == [1] * 6


def test_runs_of_a_wiped_broker_all_execute_once(own_engine: tuple[Engine, Valkey]) -> None:
    engine, broker = own_engine
    broker.start()
    results = [noted.delay(f"wiped {n}") for n in range(100)]
    with broker.client() as client:
        assert client.llen("base") == 100
        client.flushall()
    engine.start_worker(queues=QUEUES, concurrency=2, wait=False)
    engine.start_beat()
    ids = [result.id for result in results]
    poll(lambda: Run.objects.filter(pk__in=ids, state="SUCCESS").count() == 100, within=60)
    assert len(engine.notes(*results, event="begin")) == 100


def test_a_backlog_of_others_messages_does_not_hide_a_loss(own_engine: tuple[Engine, Valkey]) -> None:
    _, broker = own_engine
    broker.start()
    now = ledger.now()

    def published(seconds_ago: float, *, priority: int = 0) -> Run:
        return saved_run(published_at=now - timedelta(seconds=seconds_ago), priority=priority)

    lost, less_urgent, younger = published(60), published(60, priority=-1), published(22)
    saved_run(state="RUNNING", worker=saved_worker(), published_at=now - timedelta(seconds=30))
    with broker.client() as client:
        client.lpush("base", *(f"foreign {n}" for n in range(50)))
        assert forget_lost_messages(now=now) == 1
    waiting = [Run.objects.get(pk=run.pk).published_at is None for run in (lost, less_urgent, younger)]
    assert waiting == [True, False, False]


@pytest.fixture
def two_queues(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str]]:
    """A queue on RabbitMQ that refuses every message, and one that takes them."""
    url, before = "amqp://guest:guest@127.0.0.1:5672//", app.conf.broker_url
    try:
        servers.rabbitmq(url)
    except servers.NotReachedError as error:
        pytest.skip(str(error))
    names = (f"full-{uuid.uuid4()}", f"good-{uuid.uuid4()}")
    speak_to(url)
    monkeypatch.setitem(app.conf.broker_transport_options, "confirm_publish", True)
    with app.connection_for_write() as connection:
        channel: Any = connection.default_channel
        channel.queue_declare(names[0], arguments={"x-max-length": 0, "x-overflow": "reject-publish"})
        channel.queue_declare(names[1])
        for name in names:
            app.amqp.queues.add(Queue(name, no_declare=True))
        yield names
        for name in names:
            channel.queue_delete(name)
            del app.amqp.queues[name]
    speak_to(before)


def test_a_queue_that_takes_nothing_holds_up_no_other(two_queues: tuple[str, str]) -> None:
    full, good = two_queues
    now = ledger.now()
    runs = [saved_run(queue=queue, published_at=now) for queue in (full, good, full, good)]
    assert publish_or_leave(runs) == 2
    waiting = [Run.objects.get(pk=run.pk).published_at is None for run in runs]
    assert waiting == [True, False, True, False]
    assert [is_broker_away(queue) for queue in (full, good)] == [True, False]


def test_a_queue_that_is_there_as_another_type_refuses_no_caller(two_queues: tuple[str, str]) -> None:
    classic, good = two_queues[1], two_queues[0]
    app.amqp.queues.add(Queue(classic, queue_arguments={"x-queue-type": "quorum"}))
    run = saved_run(queue=classic, published_at=ledger.now())
    assert publish_or_leave([run]) == 0
    run.refresh_from_db()
    assert (run.published_at, run.reason) == (None, "broker away")
    publish._breaker.note_success(classic)
    assert bell.ring(Key(classic, "noted")) is False
    assert [is_broker_away(queue) for queue in (classic, good)] == [True, False]


def test_a_frozen_broker_holds_a_caller_for_a_bounded_time_once(own_engine: tuple[Engine, Valkey]) -> None:
    engine, broker = own_engine
    broker.start()
    assert broker._process
    add.delay(0, 0)
    os.kill(broker._process.pid, signal.SIGSTOP)
    try:
        first, took = timed(lambda: add.delay(1, 1))
        assert took < 20
        second, took = timed(lambda: add.delay(2, 2))
        assert took < 0.5
    finally:
        os.kill(broker._process.pid, signal.SIGCONT)
    assert [engine.run(result).state for result in (first, second)] == ["QUEUED", "QUEUED"]


def test_a_full_broker_refuses_no_caller(own_engine: tuple[Engine, Valkey]) -> None:
    engine, broker = own_engine
    broker.start()
    with broker.client() as client:
        client.config_set("maxmemory", 1)
        result, took = timed(lambda: noted.delay("full"))
        assert took < BOUND_SECONDS
        assert engine.run(result).state == "QUEUED"
        client.config_set("maxmemory", 0)
    engine.start_worker(queues=QUEUES, wait=False)
    engine.start_beat()
    assert result.get(timeout=60) == "full"


@pytest.mark.req("PL-1")
def test_a_rolled_back_enqueue_leaves_no_message_and_a_committed_one_leaves_one(
    own_engine: tuple[Engine, Valkey],
) -> None:
    _, broker = own_engine
    broker.start()
    with broker.client() as client:
        with transaction.atomic():
            noted.delay("rolled back")
            transaction.set_rollback(True)
        assert (Run.objects.count(), client.llen("base")) == (0, 0)
        with transaction.atomic():
            noted.delay("committed")
            assert (Run.objects.count(), client.llen("base")) == (1, 0)
        assert (Run.objects.count(), client.llen("base")) == (1, 1)
