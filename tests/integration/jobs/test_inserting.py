"""A fresh run's row written without the ORM holds what the ORM would have written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DataError, IntegrityError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from jobs import ledger
from jobs.identifiers import new_run_id
from jobs.models import Run
from tests.rows import new_run, saved_run

pytestmark = pytest.mark.django_db
LATER = datetime(2026, 3, 2, 8, 30, 0, 123456, tzinfo=UTC)


def _all_columns() -> dict[str, Any]:
    owner, parent = User.objects.create_user("anna"), saved_run()
    return {
        "queue": "email",
        "priority": 7,
        "state": "SCHEDULED",
        "args": ["ä\t\\N\n", None, {"b": 1, "a": datetime(2026, 1, 1, tzinfo=UTC)}],
        "kwargs": {"x": [1.5, True]},
        "options": {"link": []},
        "owner_id": owner.pk,
        "cause": "api",
        "fire_at": LATER,
        "tenant": "a",
        "run_at": LATER,
        "expires_at": LATER + timedelta(1),
        "published_at": LATER,
        "max_attempts": 3,
        "parent_id": parent.pk,
        "root_id": parent.pk,
        "is_packed": True,
        "unique_key": "u",
        "concurrency_key": "c",
        "concurrency_limit": 2,
        "rate_key": "r",
        "code_version": "1",
    }


@pytest.mark.parametrize("enqueue", [ledger.enqueue_new, lambda run: ledger.enqueue_all([run])], ids=["one", "all"])
@pytest.mark.parametrize("columns", [dict, _all_columns], ids=["none", "all"])
def test_the_row_is_what_the_orm_would_have_written(
    columns: Callable[[], dict[str, Any]], enqueue: Callable[[Run], object]
) -> None:
    given = {**columns(), "id": new_run_id(), "correlation_id": "job-1"}
    with transaction.atomic():
        new_run(**given).save(force_insert=True)
        expected = Run.objects.filter(pk=given["id"]).values().get()
        Run.objects.filter(pk=given["id"]).delete()
    enqueue(new_run(**given))
    assert Run.objects.filter(pk=given["id"]).values().get() == expected


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("columns", [dict, _all_columns], ids=["none", "all"])
def test_outside_a_transaction_too(columns: Callable[[], dict[str, Any]]) -> None:
    given = {**columns(), "id": new_run_id(), "correlation_id": "job-1"}
    new_run(**given).save(force_insert=True)
    expected = Run.objects.filter(pk=given["id"]).values().get()
    Run.objects.filter(pk=given["id"]).delete()
    ledger.enqueue_new(new_run(**given))
    assert Run.objects.filter(pk=given["id"]).values().get() == expected


@pytest.mark.django_db(transaction=True)
def test_a_session_that_has_forgotten_its_statements_is_told_them_again() -> None:
    ledger.enqueue_new(new_run())
    with transaction.atomic():
        ledger.enqueue_new(new_run())
        transaction.set_rollback(True)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("DEALLOCATE ALL")
    for _ in range(2):
        ledger.enqueue_new(new_run())
    assert Run.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_what_the_column_can_not_hold_is_an_error_and_not_cut() -> None:
    for text in ("too long" * 100, "nul\0within"):
        if connection.vendor == "postgresql":
            with pytest.raises((DataError, ValueError)):
                ledger.enqueue_new(new_run(tenant=text))
            with pytest.raises((DataError, ValueError)):
                ledger.enqueue_new(new_run(correlation_id=text))
            assert not Run.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_taken_key_outside_a_transaction_is_djangos_error_and_the_session_goes_on() -> None:
    run = saved_run()
    with pytest.raises(IntegrityError):
        ledger.enqueue_new(new_run(id=run.pk))
    ledger.enqueue_new(new_run())
    assert Run.objects.count() == 2


def test_one_is_one_statement_and_many_are_few(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        ledger.enqueue_new(new_run())
    ledger.enqueue_all([new_run() for _ in range(3)])
    assert Run.objects.count() == 4


@pytest.mark.parametrize("enqueue", [ledger.enqueue_new, lambda run: ledger.enqueue_all([run])], ids=["one", "all"])
def test_a_key_that_is_taken_is_an_error_of_djangos(enqueue: Callable[[Run], object]) -> None:
    run = saved_run()
    with pytest.raises(IntegrityError), transaction.atomic():
        enqueue(new_run(id=run.pk))
    assert Run.objects.count() == 1
