"""How many statements a run costs: the database is the engine's slowest part."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

from jobs import ledger
from jobs.ledger import Refusal
from jobs.models import Queue, Run, Worker
from jobs.states import State
from tests.integration.jobs.conftest import MakeRun

pytestmark = pytest.mark.django_db


def _claim(run: Run, node: Worker) -> Run | Refusal:
    return ledger.claim(run.pk, worker_id=node.pk, now=ledger.now(), job="noted")


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
