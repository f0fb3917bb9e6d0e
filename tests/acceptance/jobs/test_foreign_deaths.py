"""A foreign client's message outlives the worker that got it: its row is written before anything acknowledges it."""

from __future__ import annotations

import pytest
from celery import Celery

from jobs.identifiers import run_id_of
from jobs.models import Run
from tests.acceptance.jobs.conftest import Engine
from tests.plugins.broker import Valkey
from tests.plugins.polling import poll


@pytest.mark.req("PL-1", "PL-5")
def test_a_foreign_message_survives_its_worker_before_the_claim(own_engine: tuple[Engine, Valkey]) -> None:
    engine, server = own_engine
    server.start()
    words = ("worker", "-Q", "base", "-c", "1", "-n", "dying@%h", "--without-mingle", "--without-gossip")
    dying = engine.start(*words, "--loglevel=INFO", DAYBOOK_KILL_POINTS="before claim=1")
    dying.said(r" ready\.", within=60)
    client = Celery("stranger", broker=engine.broker_url, set_as_current=False)
    sent = client.send_task("noted", ("from afar",), queue="base")
    client.close()
    poll(lambda: Run.objects.filter(pk=run_id_of(sent.id)).exists(), within=20)
    dying.kill()
    engine.start_worker(queues="base")
    engine.start_beat()
    run = engine.ended(sent, within=30)
    assert (run.state, run.cause, run.attempt) == ("SUCCESS", "foreign", 1)
    assert len(engine.notes(sent, event="begin")) == 1
