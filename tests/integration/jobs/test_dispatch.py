"""The dispatcher over a backlog in the database: tenants by turns, urgent ones first, keyed ones as slots are free."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from jobs import ledger, turns
from jobs.dispatch import dispatch, publish_waiting
from jobs.models import Queue, Run
from jobs.states import State
from tests.integration.jobs.conftest import MakeRun

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker"), pytest.mark.broker]


def waiting(make_run: MakeRun, count: int, **columns: object) -> None:
    for _ in range(count):
        make_run(**{"published_at": None, "queue": "maintenance", **columns})


def take_one() -> Run:
    """Publish with room for a single run, and let a worker have it."""
    with override_settings(DAYBOOK={"window": 1}):
        assert publish_waiting("maintenance", now=ledger.now()) == 1
    run = Run.objects.get(state=State.QUEUED, published_at__isnull=False)
    Run.objects.filter(pk=run.pk).update(state=State.SUCCESS, finished_at=ledger.now())
    return run


@pytest.mark.req("SW-22")
def test_tenants_take_turns_though_the_window_has_room_for_one_only(make_run: MakeRun) -> None:
    for tenant, count in (("a", 20), ("b", 3), ("", 3), ("z", 3)):
        waiting(make_run, count, tenant=tenant)
    served = [take_one().tenant for _ in range(12)]
    assert Counter(served) == {"a": 3, "b": 3, "": 3, "z": 3}


@pytest.mark.req("SW-22")
@pytest.mark.parametrize("window", [1, 2, 5, 10])
def test_tenants_take_turns_as_long_as_their_weights(make_run: MakeRun, window: int) -> None:
    for tenant, count in (("a", 20), ("b", 6), ("c", 6)):
        waiting(make_run, count, tenant=tenant)
    with override_settings(DAYBOOK={"window": window, "tenant_weights": {"a": 3}}):
        for _ in range(20 // window):
            publish_waiting("maintenance", now=ledger.now())
            Run.objects.filter(published_at__isnull=False).update(state=State.SUCCESS, finished_at=ledger.now())
    served = Run.objects.filter(state=State.SUCCESS).values_list("tenant", flat=True)
    assert Counter(served) == {"a": 12, "b": 4, "c": 4}


@pytest.mark.req("SW-22")
def test_each_of_many_tenants_gets_its_place(make_run: MakeRun) -> None:
    tenants = [f"t{n:03}" for n in range(25)]
    for tenant in tenants:
        waiting(make_run, 2, tenant=tenant)
    with override_settings(DAYBOOK={"window": len(tenants)}):
        assert publish_waiting("maintenance", now=ledger.now()) == len(tenants)
    published = Run.objects.filter(published_at__isnull=False)
    assert Counter(published.values_list("tenant", flat=True)) == dict.fromkeys(tenants, 1)


def test_a_tick_with_nothing_to_do_asks_each_question_once(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(3):
        assert dispatch(now=ledger.now()) == 0


def test_a_tenant_alone_is_found_in_two_questions(
    make_run: MakeRun, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    waiting(make_run, 3, tenant="b")
    for _ in range(2):
        with django_assert_num_queries(2):
            assert turns.next_tenants("alone", Run.objects.all(), places=10) == {"b": 10}


@pytest.mark.req("PW-5")
def test_the_urgent_start_first_within_a_tenant(make_run: MakeRun) -> None:
    waiting(make_run, 2)
    waiting(make_run, 1, priority=5)
    waiting(make_run, 1, priority=9)
    assert [take_one().priority for _ in range(4)] == [9, 5, 0, 0]


@pytest.mark.req("SK-7")
def test_only_as_many_of_a_key_are_published_as_it_has_free_slots(make_run: MakeRun) -> None:
    make_run(State.RUNNING, queue="maintenance", concurrency_key="k", concurrency_limit=3, concurrency_slot=1)
    waiting(make_run, 5, concurrency_key="k", concurrency_limit=3)
    waiting(make_run, 2, concurrency_key="other")
    assert dispatch(now=ledger.now()) == 3
    published = Run.objects.filter(published_at__isnull=False).values_list("concurrency_key", flat=True)
    assert Counter(published) == {"k": 2, "other": 1}


@pytest.mark.req("PW-5")
def test_nothing_of_a_paused_queue_is_published(make_run: MakeRun) -> None:
    waiting(make_run, 2)
    waiting(make_run, 2, queue="email")
    Queue.objects.create(name="email", paused_at=ledger.now())
    assert dispatch(now=ledger.now()) == 2
    assert set(Run.objects.filter(published_at__isnull=False).values_list("queue", flat=True)) == {"maintenance"}


def test_a_tick_reads_by_index_however_long_the_backlog_is(make_run: MakeRun) -> None:
    waiting(make_run, 3, tenant="a")
    with CaptureQueriesContext(connection) as asked, override_settings(DAYBOOK={"window": 1}):
        dispatch(now=ledger.now())
    looks = [entry["sql"] for entry in asked if entry["sql"].startswith("SELECT") and 'FROM "jobs_run"' in entry["sql"]]
    assert len(looks) > 4
    assert [sql for sql in looks if "LIMIT" not in sql and '"published_at" IS NOT NULL' not in sql] == []
