"""What a run carries along: correlation id, secrets, its children and its one database connection."""

from __future__ import annotations

import re
import uuid

import pytest
import structlog
from django.db import connection
from django_celery_results.models import TaskResult

from jobs.models import Run
from tests.acceptance.jobs.conftest import Engine
from tests.plugins.polling import poll
from tests.tasks_for_tests import logs_and_spawns, noted, sends_another_code, sends_code, spawns, tells_its_connection

pytestmark = pytest.mark.broker


@pytest.mark.req("PW-7")
def test_a_worker_child_keeps_one_database_connection(engine: Engine, own_queue: str) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("counts PostgreSQL's server processes")
    worker = engine.start_worker(queues=own_queue)
    results = [tells_its_connection.apply_async(queue=own_queue) for _ in range(20)]
    told = [result.get(timeout=30) for result in results]
    assert len({(line["backend"], line["process"]) for line in told}) == 1
    assert worker.stop() == 0


@pytest.mark.req("SW-3")
def test_a_correlation_id_goes_from_the_request_to_run_child_and_log_lines(engine: Engine) -> None:
    request_id, word = str(uuid.uuid4()), f"word-{uuid.uuid4().hex}"
    with structlog.contextvars.bound_contextvars(request_id=request_id):
        result = logs_and_spawns.delay(message=word)
    child = result.get(timeout=20)
    wanted = f"job-{request_id}"
    parent_row, child_row = engine.run(result), poll(lambda: Run.objects.filter(pk=child, state="SUCCESS").first())
    assert child_row
    assert (parent_row.correlation_id, child_row.correlation_id) == (wanted, wanted)
    assert (child_row.parent_id, child_row.root_id, child_row.cause) == (parent_row.pk, parent_row.pk, "parent")
    lines = [line for line in engine.log().splitlines() if word in line and f"correlation_id={wanted}" in line]
    assert {("child" in line) for line in lines} == {True, False}
    assert all(f"run_id={child if 'child' in line else result.id}" in line for line in lines)


@pytest.mark.req("SW-3")
def test_a_correlation_id_is_cleared_after_the_run(engine: Engine, own_queue: str) -> None:
    worker = engine.start_worker(queues=own_queue)
    first, second = (noted.apply_async((word,), queue=own_queue) for word in ("one", "two"))
    for result in (first, second):
        result.get(timeout=20)
    assert engine.run(first).correlation_id != engine.run(second).correlation_id
    of_second = [line for line in worker.text().splitlines() if str(second.id) in line]
    assert of_second and not [line for line in of_second if engine.run(first).correlation_id in line]


@pytest.mark.req("AQ-2")
def test_a_sensitive_argument_is_nowhere_in_clear(engine: Engine) -> None:
    code = f"9{uuid.uuid4().int % 10**9:09d}"
    results = [
        sends_code.delay("a@b.c", code),
        sends_code.delay(address="a@b.c", code=code),
        sends_another_code.delay(code=code),
    ]
    assert [result.get(timeout=20) for result in results] == ["a@b.c", "a@b.c", len(code)]
    for result in results:
        row = Run.objects.filter(pk=result.id).values().get()
        stored = TaskResult.objects.filter(task_id=str(result.id)).values().get()
        assert not re.search(f"{code}|{code[::-1]}", f"{row}{stored}")
    assert not re.search(f"{code}|{code[::-1]}", engine.log())


@pytest.mark.req("SW-22")
def test_a_parent_ends_when_its_children_have_with_their_counts(engine: Engine) -> None:
    result = spawns.delay(3)
    told = result.get(timeout=30)
    rows = Run.objects.filter(pk__in=told["result"])
    assert [row.state for row in rows] == ["SUCCESS"] * 3
    assert {row.parent_id for row in rows} == {engine.run(result).pk}
    assert told["children"]["states"] == {"SUCCESS": 3}
    assert not rows.filter(finished_at__gt=engine.run(result).finished_at).exists()
