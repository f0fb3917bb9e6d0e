"""The guards on a real database: unique keys, slots, rates; who comes when it may not is told, skipped or put back."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError, connection

from jobs import RateLimit, ledger, publish
from jobs.breaker import Breaker
from jobs.ledger import Fence, Refusal
from jobs.models import Queue, RateBucket, Run
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
from tests.integration.jobs.conftest import MakeRun, all_at_once, new_node, row_of, stored_run

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
@pytest.mark.parametrize("is_guarded", [False, True], ids=["not known to be guarded", "known to be guarded"])
def test_starts_under_a_rate_limit_are_evenly_spaced_per_key_whoever_claims_at_once(is_guarded: bool) -> None:
    runs = [UUID(limited.delay("example").id) for _ in range(6)]
    other = UUID(limited.delay("elsewhere").id)
    now, worker, rate = ledger.now(), new_node().pk, limited.declaration.rate_limit

    def claim(run_id: UUID) -> Run | Refusal:
        return ledger.claim(run_id, worker_id=worker, now=now, rate=rate, is_guarded=is_guarded)

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


@pytest.mark.parametrize(
    ("held", "limit", "slot"),
    [([], 1, 0), ([0], 1, None), ([0, 2], 4, 1), ([1, 2], 3, 0), ([0, 1], 3, 2), ([3, 4], 2, None)],
)
def test_a_claim_takes_the_lowest_free_slot(make_run: MakeRun, held: list[int], limit: int, slot: int | None) -> None:
    for number in held:
        make_run(State.RUNNING, concurrency_key="k", concurrency_slot=number)
    make_run(State.RUNNING, concurrency_key="another", concurrency_slot=0)
    run = make_run(concurrency_key="k", concurrency_limit=limit)
    claimed = ledger.claim(run.pk, worker_id=new_node().pk, now=ledger.now(), is_guarded=True)
    if slot is None:
        assert claimed is Refusal.BUSY
        assert (row_of(run.pk)["published_at"], row_of(run.pk)["reason"]) == (None, Refusal.BUSY)
    else:
        assert isinstance(claimed, Run)
        assert claimed.concurrency_slot == row_of(run.pk)["concurrency_slot"] == slot


@pytest.mark.parametrize("why", [Refusal.BUSY, Refusal.PAUSED, Refusal.STALE])
def test_a_run_that_may_not_start_uses_up_no_start_of_its_rate(make_run: MakeRun, why: Refusal) -> None:
    if why is Refusal.BUSY:
        make_run(State.RUNNING, concurrency_key="k", concurrency_slot=0)
    if why is Refusal.PAUSED:
        Queue.objects.create(name="base", paused_at=ledger.now())
    state = State.CANCELLED if why is Refusal.STALE else State.QUEUED
    run = make_run(state, concurrency_key="k", rate_key="r")
    now, rate = ledger.now(), RateLimit(1, 60)
    assert ledger.claim(run.pk, worker_id=new_node().pk, now=now, rate=rate, is_guarded=True) is why
    assert not RateBucket.objects.filter(next_start_at__gt=now).exists()


@pytest.mark.req("SK-7")
def test_a_run_put_back_at_the_moment_when_its_slot_is_freed_starts_all_the_same(make_run: MakeRun) -> None:
    holder = make_run(State.RUNNING, concurrency_key="k", concurrency_slot=0)
    run = make_run(concurrency_key="k")
    told: list[bool] = []

    def end_then(execute: Any, sql: str, *rest: Any) -> Any:
        if '"published_at" = ' in sql and not told:
            told.append(ledger.succeed(Fence(holder.pk, token=1), now=ledger.now()))
        return execute(sql, *rest)

    with connection.execute_wrapper(end_then):
        claimed = ledger.claim(run.pk, worker_id=new_node().pk, now=ledger.now())
    assert told == [True]
    assert isinstance(claimed, Run)


@pytest.mark.req("SK-7")
def test_a_database_that_fails_when_the_next_is_rung_for_leaves_it_to_the_dispatcher(
    make_run: MakeRun, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = make_run(concurrency_key="skipped_when_busy:a", published_at=None)
    run = skipped_when_busy.delay("a")
    monkeypatch.setattr(publish, "_breaker", Breaker())

    def fail(execute: Any, sql: str, *rest: Any) -> Any:
        if "SET published_at" in sql:
            raise OperationalError("gone")
        return execute(sql, *rest)

    with connection.execute_wrapper(fail):
        drain(job=skipped_when_busy)
    assert Run.objects.get(pk=run.id).state == "SUCCESS"
    assert row_of(waits.pk)["published_at"] is None
    told = capfd.readouterr().err
    assert "not rung for the next of its key" in told
    assert "a stale end" not in told


@pytest.mark.req("PL-6", "SW-22")
def test_claims_and_ends_at_once_exceed_neither_slots_nor_rate_and_leave_nobody_out() -> None:
    rate, began = RateLimit(200), ledger.now()
    runs = [stored_run(concurrency_key="k", concurrency_limit=2, rate_key="r", published_at=None).pk for _ in range(24)]
    most: list[int] = []

    def work(mine: list[UUID]) -> None:
        node = new_node().pk
        while mine:
            run_id = mine.pop(0)
            now = ledger.now()
            claimed = ledger.claim(run_id, worker_id=node, now=now, rate=rate, is_guarded=True)
            if not isinstance(claimed, Run):
                assert claimed in {Refusal.BUSY, Refusal.LIMITED, Refusal.EARLY}
                mine.append(run_id)
                continue
            most.append(Run.objects.running().filter(concurrency_key="k").count())
            assert ledger.succeed(Fence(run_id, token=claimed.token), now=ledger.now())

    all_at_once([partial(work, runs[number::4]) for number in range(4)])
    assert states() == ["SUCCESS"] * 24
    assert max(most) <= 2
    starts = Run.objects.order_by("started_at").values_list("started_at", flat=True)
    assert all(start and start >= began + number * timedelta(milliseconds=5) for number, start in enumerate(starts))
