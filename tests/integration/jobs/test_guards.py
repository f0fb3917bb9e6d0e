"""The guards on a real database: unique keys, slots, rates; who comes when it may not is told, skipped or put back."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest

from jobs import ledger
from jobs.ledger import Refusal
from jobs.models import Run
from jobs.states import State
from jobs.testing import drain
from tests.guarded_jobs import (
    limited,
    replaces_what_waits,
    skipped_when_busy,
    spawns_and_stumbles,
    spawns_unique,
    unique_for_a_minute,
    unique_per_user,
)
from tests.integration.jobs.conftest import MakeRun, all_at_once, new_node

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("SW-22")]


def states() -> list[str]:
    return list(Run.objects.order_by("created_at").values_list("state", flat=True))


@pytest.mark.parametrize("state", [State.SCHEDULED, State.QUEUED, State.RUNNING, State.RETRYING])
def test_a_unique_key_of_some_arguments_is_taken_while_its_run_is_unfinished(make_run: MakeRun, state: State) -> None:
    first = unique_per_user.delay(7, why="first")
    Run.objects.filter(pk=first.id).update(state=state)
    assert unique_per_user.delay(7, why="second").id == first.id
    assert unique_per_user.delay(8).id != first.id
    assert Run.objects.count() == 2


@pytest.mark.parametrize("state", [State.SUCCESS, State.FAILED, State.CANCELLED, State.SKIPPED])
def test_a_unique_key_is_free_again_when_its_run_has_ended(state: State) -> None:
    first = unique_per_user.delay(7)
    Run.objects.filter(pk=first.id).update(state=state, finished_at=ledger.now())
    assert unique_per_user.delay(7).id != first.id


def test_a_unique_key_with_a_window_stays_taken_after_its_run_until_the_window_is_over() -> None:
    first = unique_for_a_minute.delay(7)
    drain()
    assert unique_for_a_minute.delay(7).id == first.id
    assert states() == ["SUCCESS"]
    Run.objects.update(created_at=ledger.now() - timedelta(seconds=61))
    assert unique_for_a_minute.delay(7).id != first.id


def test_a_spawned_child_whose_unique_key_is_taken_is_the_run_that_has_it() -> None:
    holder = unique_per_user.apply_async((7,), countdown=60)
    parent = spawns_unique.delay([7, 8, 8])
    drain(job=spawns_unique)
    ids = Run.objects.get(pk=parent.id).checkpoint["result"]
    assert ids[0] == holder.id
    assert ids[1] == ids[2] != ids[0]
    assert Run.objects.filter(pk__in=ids).count() == 2


def test_children_are_enqueued_once_however_often_their_parent_is_tried() -> None:
    parent = spawns_and_stumbles.delay(3)
    drain()
    assert Run.objects.get(pk=parent.id).attempt == 2
    assert Run.objects.filter(parent__pk=parent.id, state="SUCCESS").count() == 3


@pytest.mark.req("SK-7")
def test_a_run_that_would_not_wait_for_a_slot_is_skipped(make_run: MakeRun, short_drains: None) -> None:
    key = "skipped_when_busy:a"
    make_run(State.RUNNING, job="skipped_when_busy", concurrency_key=key, concurrency_slot=0)
    busy, free = skipped_when_busy.delay("a"), skipped_when_busy.delay("b")
    drain()
    assert [Run.objects.get(pk=result.id).state for result in (busy, free)] == ["SKIPPED", "SUCCESS"]
    assert Run.objects.get(pk=busy.id).reason == Refusal.BUSY


@pytest.mark.req("SK-7")
def test_a_newer_run_replaces_those_that_wait_but_not_the_one_that_runs() -> None:
    runs = [replaces_what_waits.delay("a", number=n) for n in range(2)]
    Run.objects.filter(pk=runs[1].id).update(state=State.RUNNING, concurrency_slot=0)
    runs += [replaces_what_waits.delay("a", number=n) for n in range(2, 4)]
    runs += [replaces_what_waits.delay("b")]
    assert [Run.objects.get(pk=result.id).state for result in runs] == [
        "CANCELLED",
        "RUNNING",
        "CANCELLED",
        "QUEUED",
        "QUEUED",
    ]


@pytest.mark.broker
def test_starts_under_a_rate_limit_are_evenly_spaced_per_key_whoever_claims_at_once() -> None:
    runs = [UUID(limited.delay("example").id) for _ in range(6)]
    other = UUID(limited.delay("elsewhere").id)
    now, worker, rate = ledger.now(), new_node().pk, limited.declaration.rate_limit

    def claim(run_id: UUID) -> Run | Refusal:
        return ledger.claim(run_id, worker_id=worker, now=now, rate=rate)

    claims = all_at_once([partial(claim, run_id) for run_id in [*runs, other]])
    assert sum(answer is not Refusal.LIMITED for answer in claims[:-1]) == 1
    assert isinstance(claims[-1], Run)
    put_back = Run.objects.filter(pk__in=runs, state=State.QUEUED).order_by("run_at")
    starts = [round((run.run_at - now).total_seconds()) for run in put_back]
    assert starts == [5, 10, 15, 20, 25]
    assert [(run.published_at, run.attempt, run.rate_reserved) for run in put_back] == [(None, 0, True)] * 5
    # It has its start: when that comes nobody refuses it again, and until then nobody rings for it.
    third = put_back[1]
    due = now + timedelta(seconds=10)
    assert isinstance(ledger.claim(third.pk, worker_id=worker, now=due, rate=rate), Run)
