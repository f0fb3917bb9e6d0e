"""How many statements a run costs: the database is the engine's slowest part."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from jobs import RateLimit, ledger
from jobs.ledger import Refusal
from jobs.models import Queue, RateBucket, Run, Worker
from jobs.states import State
from tests.integration.jobs.conftest import MakeRun
from tests.tasks_for_tests import unique_by_arguments

pytestmark = pytest.mark.django_db


def _claim(run: Run, node: Worker) -> Run | Refusal:
    return ledger.claim(run.pk, worker_id=node.pk, now=ledger.now(), job="noted")


class Told:
    """Notes the statements but for those that begin and end transactions."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def __call__(self, execute: Any, sql: str, *rest: Any) -> Any:
        if not sql.startswith(("BEGIN", "SAVEPOINT", "RELEASE")):
            self.statements.append(sql)
        return execute(sql, *rest)


def test_a_run_without_guards_is_claimed_in_one_statement(
    make_run: MakeRun, node: Worker, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    Queue.objects.create(name="email", paused_at=ledger.now())
    run = make_run(State.QUEUED, reason="parked: something")
    with django_assert_num_queries(1):
        claimed = _claim(run, node)
    assert isinstance(claimed, Run)
    assert (claimed.state, claimed.attempt, claimed.token, claimed.worker_id, claimed.reason) == (
        "RUNNING",
        1,
        1,
        node.pk,
        "",
    )
    assert claimed.args == [] and claimed.correlation_id == "job-of-a-test"
    assert Run.objects.filter(pk=run.pk, state="RUNNING", attempt=1, token=1, worker=node).exists()
    assert _claim(run, node) is Refusal.STALE


def test_a_pause_still_refuses_what_would_take_one_statement(make_run: MakeRun, node: Worker) -> None:
    Queue.objects.create(name="base", paused_at=ledger.now())
    run = make_run(State.QUEUED)
    assert _claim(run, node) is Refusal.PAUSED
    assert Run.objects.get(pk=run.pk).published_at is None


@pytest.mark.req("SW-22")
def test_a_run_under_every_guard_is_claimed_in_one_statement(make_run: MakeRun, node: Worker) -> None:
    run = make_run(State.QUEUED, concurrency_key="a key", unique_key="u", rate_key="a rate", reason="parked: something")
    now, rate = ledger.now(), RateLimit(2, 10)
    with connection.execute_wrapper(told := Told()):
        claimed = ledger.claim(run.pk, worker_id=node.pk, now=now, job="noted", rate=rate, is_guarded=True)
    # SQLite writes no second table within a statement.
    assert len(told.statements) == (1 if connection.vendor == "postgresql" else 2)
    assert isinstance(claimed, Run)
    assert (claimed.state, claimed.attempt, claimed.token, claimed.concurrency_slot, claimed.reason) == (
        "RUNNING",
        1,
        1,
        0,
        "",
    )
    assert RateBucket.objects.get(key="a rate").next_start_at == now + timedelta(seconds=5)
    assert Run.objects.filter(pk=run.pk, state="RUNNING", started_at=now, worker=node, concurrency_slot=0).exists()


@pytest.mark.req("SW-22")
def test_a_run_whose_key_is_free_is_enqueued_in_one_statement() -> None:
    with connection.execute_wrapper(told := Told()):
        run, created = ledger.enqueue(unique_by_arguments.new_run(["a"], {}))
    assert ([sql[:20] for sql in told.statements], created) == (["INSERT INTO jobs_run"], True)
    row = Run.objects.get(pk=run.pk)
    assert {field.attname: getattr(run, field.attname) for field in Run._meta.concrete_fields} == {
        field.attname: getattr(row, field.attname) for field in Run._meta.concrete_fields
    }


@pytest.mark.req("SK-7")
def test_the_next_of_a_key_is_noted_and_returned_in_one_statement(make_run: MakeRun) -> None:
    waits = {"concurrency_key": "a key", "published_at": None}
    late, urgent = make_run(State.QUEUED, **waits), make_run(State.QUEUED, **waits, priority=5)
    make_run(State.QUEUED, concurrency_key="another", published_at=None)
    now = ledger.now()
    make_run(State.QUEUED, **waits, priority=9, run_at=now + timedelta(minutes=1))
    with connection.execute_wrapper(told := Told()):
        found = [ledger.publish_next("a key", now=now) for _ in range(3)]
    assert len(told.statements) == 3
    assert [run and run.pk for run in found] == [urgent.pk, late.pk, None]
    assert Run.objects.filter(published_at=now).count() == 2
