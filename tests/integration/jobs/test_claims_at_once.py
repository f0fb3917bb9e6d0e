"""Many claimers, enqueuers and planners at the same moment, each with a connection of its own: one of them wins."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

import pytest

from jobs import ledger
from jobs.ledger import Fence, Refusal
from jobs.models import Run
from jobs.states import State
from tests.integration.jobs.conftest import all_at_once, new_node, stored_run
from tests.tasks_for_tests import unique_by_arguments

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.req("PL-6")
@pytest.mark.parametrize("guard", [{}, {"rate_key": "k"}], ids=["free", "guarded"])
def test_exactly_one_of_many_claimers_wins(guard: dict[str, Any]) -> None:
    workers = [new_node().pk for _ in range(8)]
    for _ in range(5):
        run = stored_run(**guard)
        claims = all_at_once([partial(claim, run.pk, worker) for worker in workers])
        winners = [claim for claim in claims if isinstance(claim, Run)]
        assert [claim for claim in claims if claim is not Refusal.STALE] == winners
        assert len(winners) == 1
        row = Run.objects.get(pk=run.pk)
        assert (row.worker_id, row.token, row.attempt) == (winners[0].worker_id, 1, 1)


@pytest.mark.req("SK-7", "SW-22")
def test_slots_are_never_exceeded_by_claims_at_once() -> None:
    worker, limit = new_node().pk, 3
    runs = [stored_run(concurrency_key="k", concurrency_limit=limit) for _ in range(9)]
    ended = 0
    while ended < len(runs):
        waiting = list(Run.objects.filter(state=State.QUEUED))
        all_at_once([partial(claim, run.pk, worker) for run in waiting])
        running = list(Run.objects.running())
        assert len(running) == min(limit, len(runs) - ended)
        assert sorted(run.concurrency_slot for run in running if run.concurrency_slot is not None) == list(
            range(len(running))
        )
        assert all_at_once([partial(end, run.pk) for run in running]) == [True] * len(running)
        ended += len(running)


def claim(run_id: UUID, worker_id: UUID) -> Run | Refusal:
    return ledger.claim(run_id, worker_id=worker_id, now=ledger.now())


def end(run_id: UUID) -> bool:
    return ledger.succeed(Fence(run_id, token=1), now=ledger.now())


@pytest.mark.req("PL-6")
def test_only_one_of_many_ends_settles_the_run() -> None:
    run = stored_run(State.RUNNING)
    assert sorted(all_at_once([partial(end, run.pk)] * 6)) == [False] * 5 + [True]


@pytest.mark.req("SW-22")
def test_a_unique_key_lets_one_of_many_enqueuers_in() -> None:
    answers = all_at_once([lambda: ledger.enqueue(unique_by_arguments.new_run(["same"], {}))] * 8)
    assert sorted(created for _, created in answers) == [False] * 7 + [True]
    assert {run.pk for run, _ in answers} == set(Run.objects.values_list("pk", flat=True))


@pytest.mark.req("PL-5")
def test_an_acknowledged_enqueue_has_its_row_though_the_key_is_freed_at_that_moment() -> None:
    def enqueue_and_end() -> list[bool]:
        kept = []
        for _ in range(40):
            run, created = ledger.enqueue(unique_by_arguments.new_run(["contended"], {}))
            if created:
                kept.append(Run.objects.filter(pk=run.pk).exists())
                ledger.cancel(run.pk, now=ledger.now(), reason="freed")
        return kept

    answers = [kept for thread in all_at_once([enqueue_and_end] * 4) for kept in thread]
    assert answers
    assert all(answers)


def test_due_runs_are_released_once_by_many_dispatchers() -> None:
    for _ in range(40):
        stored_run(State.SCHEDULED)
    released = all_at_once([lambda: ledger.release_due(now=ledger.now(), limit=100)] * 4)
    assert sum(released) == 40
    assert Run.objects.filter(state=State.QUEUED).count() == 40
