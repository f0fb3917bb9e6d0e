"""A backlog that is far longer than a window: pausing acts at once, and a light tenant isn't held up by a heavy one."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from jobs import ledger, operations
from jobs.conf import conf
from jobs.explain import why
from jobs.models import Queue, Run
from jobs.policies import ORDINARY_IN_PACK
from jobs.states import State
from tests.acceptance.jobs.conftest import Engine
from tests.plugins.broker import Valkey
from tests.plugins.polling import poll
from tests.tasks_for_tests import add

pytestmark = pytest.mark.broker
PROCESSES = 2


def backlog(count: int, *, tenant: str = "") -> None:
    """Store that many queued runs in one statement."""
    run = add.new_run([1, 1], {}, tenant=tenant)
    run.published_at = None
    ledger.enqueue_new(run)
    columns = ", ".join(str(field.column) for field in Run._meta.concrete_fields if not field.primary_key)
    series = "WITH RECURSIVE series(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM series WHERE n < %s)"
    fresh = "gen_random_uuid()" if connection.vendor == "postgresql" else "lower(hex(randomblob(16)))"
    pk = Run._meta.pk.get_db_prep_value(run.pk, connection)
    with connection.cursor() as cursor:
        cursor.execute(
            f"{series} INSERT INTO jobs_run (id, {columns}) SELECT {fresh}, {columns} FROM jobs_run, series"
            " WHERE id = %s",
            [count, pk],
        )
    assert Run.objects.count() == count


@pytest.mark.embedded
@pytest.mark.req("PW-5")
@pytest.mark.parametrize("most_at_once", [1, ORDINARY_IN_PACK], ids=["a message each", "in packs"])
def test_a_paused_queue_starts_nothing_more_with_a_hundred_thousand_waiting(
    own_engine: tuple[Engine, Valkey], settings: Any, most_at_once: int
) -> None:
    settings.DAYBOOK = {**settings.DAYBOOK, "packs_ordinary_jobs": most_at_once > 1}
    engine, broker = own_engine
    broker.start()
    backlog(100_000)
    engine.start_worker(queues="base", concurrency=PROCESSES, wait=False)
    engine.start_beat()
    done = Run.objects.filter(state=State.SUCCESS)
    poll(lambda: done.count() > 50, within=60)
    operations.pause_queue("base", by=None)
    paused_at = Queue.objects.get(name="base").paused_at
    at_broker = Run.objects.filter(state=State.QUEUED, published_at__isnull=False)
    poll(lambda: not at_broker.exists() and not Run.objects.running().exists(), within=60)
    # What was being claimed at that very moment may still have started, in each process.
    assert Run.objects.filter(started_at__gt=paused_at).count() <= PROCESSES * most_at_once
    waiting = Run.objects.filter(state=State.QUEUED)
    poll(lambda: waiting.count() == 100_000 - done.count(), within=20)
    assert why(waiting[0])[0].code == "paused"
    before = done.count()
    operations.resume_queue("base")
    poll(lambda: done.count() > before + 50, within=60)


@pytest.mark.req("SW-22")
def test_a_light_tenants_runs_start_within_two_windows_of_a_heavy_ones_backlog(
    own_engine: tuple[Engine, Valkey],
) -> None:
    engine, broker = own_engine
    broker.start()
    backlog(20_000, tenant="heavy")
    engine.start_worker(queues="base", concurrency=PROCESSES, wait=False)
    engine.start_beat()
    heavy = Run.objects.filter(tenant="heavy", started_at__isnull=False)
    poll(heavy.exists, within=60)
    light = add.enqueue_many([{"x": n, "y": n} for n in range(20)], tenant="light")
    asked = ledger.now()
    runs = [engine.ended(add.AsyncResult(str(pk)), within=60) for pk in light]
    assert [run.state for run in runs] == ["SUCCESS"] * 20
    last_started = max(run.started_at for run in runs if run.started_at)
    assert heavy.filter(started_at__range=(asked, last_started)).count() <= 2 * conf().window
