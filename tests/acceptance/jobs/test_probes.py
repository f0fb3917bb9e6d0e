"""Readiness turns red soon after a part is gone, and says which; probes try for themselves."""

from __future__ import annotations

import socket

import pytest
from django.test import Client
from django_celery_beat.models import PeriodicTask

from jobs import operations, probes
from jobs.models import Run, Worker
from jobs.models.run import Cause
from jobs.operations import Asker
from jobs.scheduling.watchdog import EXIT_WEDGED
from tests.acceptance.jobs.conftest import QUEUES, Engine
from tests.plugins.broker import Valkey
from tests.plugins.polling import poll
from tests.tasks_for_tests import noted

pytestmark = [pytest.mark.broker, pytest.mark.embedded, pytest.mark.req("SK-11", "PW-8"), pytest.mark.timeout(300)]
BOUND_SECONDS = 60.0


def _wrong() -> dict[str, str]:
    answer = Client().get("/readyz")
    wrong = {name: check["problem"] for name, check in answer.json()["checks"].items() if not check["ok"]}
    assert answer.status_code == (503 if wrong else 200)
    return wrong


def _turns_red(part: str, words: str) -> None:
    poll(lambda: words in _wrong().get(part, ""), within=BOUND_SECONDS)


def test_readiness_says_within_a_minute_which_part_is_gone(own_engine: tuple[Engine, Valkey]) -> None:
    engine, broker = own_engine
    broker.start()
    worker = engine.start_worker(queues=QUEUES, name="one", wait=False)
    beat = engine.start_beat()
    worker.said(r" ready\.")
    poll(lambda: not _wrong(), within=20)
    uses = Worker.objects.filter(cpu_cores__isnull=False, memory_bytes__gt=10_000_000)
    poll(lambda: {"worker", "beat"} == set(uses.values_list("kind", flat=True)), within=30)
    one = f"one@{socket.gethostname()}"
    assert (probes.workers_here().figures or {})["workers"] == [one]
    assert probes.run_goes_through(by_beat=True, seconds=20).figures["worker"] == one  # type: ignore[index]

    beat.freeze()
    _turns_red("beat", "no beat reports")
    # What waits for its time isn't sent, and the probe says where it stays.
    told = probes.run_goes_through(by_beat=True, seconds=2)
    assert (told.ok, "beat has not sent it" in told.problem) == (False, True)
    beat.kill()

    engine.start_beat()
    poll(lambda: not _wrong(), within=30)
    worker.freeze()
    assert probes.workers_here(node=one).problem == f"reports, but does not take messages: {one}"
    worker.kill()
    noted.delay("nobody takes it")
    _turns_red("workers", "no worker serves: base")
    assert probes.workers_here().problem == f"no worker of {socket.gethostname()} reports"
    told = probes.run_goes_through(seconds=1)
    assert told.problem.startswith("a run of queue base did not end within 1 s: it is queued")
    assert Run.objects.filter(job="canary", expires_at=None).count() == 0

    broker.stop(kill=True)
    _turns_red("broker", "the broker does not answer")


def test_readiness_says_within_a_minute_that_a_beat_is_wedged_though_it_reports(
    own_engine: tuple[Engine, Valkey],
) -> None:
    engine, broker = own_engine
    broker.start()
    worker = engine.start_worker(queues=QUEUES, name="one", wait=False)
    beat = engine.start("beat", "--loglevel=INFO", app="tests.wedged_app")
    worker.said(r" ready\.", within=60)
    poll(lambda: not _wrong(), within=30)
    new = {"name": "often", "job": "noted", "rule": "every 1 second"}
    operations.add_schedule(new, by=Asker(cause=Cause.CLI))
    _turns_red("beat", "beat is wedged: late by")
    assert Worker.objects.get(kind=Worker.Kind.BEAT).lost_at is None
    # It ends itself, so that a supervisor starts it anew; with another beat all is well.
    assert beat.ended(within=BOUND_SECONDS) == EXIT_WEDGED
    operations.pause_schedule(PeriodicTask.objects.get(name="often"), by=Asker(cause=Cause.CLI))
    engine.start_beat()
    poll(lambda: not _wrong(), within=30)
