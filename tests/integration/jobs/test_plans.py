"""SQLite answers what is asked often from partial indexes, however long the history; PostgreSQL does so anyway."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from jobs import RateLimit, dispatch, health, inflight, ledger, operations, queries
from jobs.models import Run
from tests.plans import explained

pytestmark = pytest.mark.django_db


def _cancel_waiting() -> int:
    return ledger.cancel_waiting(now=ledger.now(), reason="replaced", concurrency_key="x")


def _claim() -> object:
    return ledger.claim(uuid4(), worker_id=uuid4(), now=ledger.now(), rate=RateLimit(1), is_guarded=True)


ASKED: dict[str, tuple[Callable[[], Any], str]] = {
    "what is due": (lambda: ledger.release_due(now=ledger.now(), limit=10), "run_due"),
    "whether what is due waits for beat": (health.report, "run_due"),
    "which keyed runs have a free slot": (lambda: dispatch._with_free_slots("base", ledger.now()), "run_of_key"),
    "who is next of a key": (lambda: ledger.publish_next("x", now=ledger.now()), "run_of_key"),
    "which slots are held": (_claim, "run_one_per_slot"),
    "what a new run replaces": (_cancel_waiting, "run_of_key"),
    "who has a unique key": (lambda: Run.objects.unfinished().filter(unique_key="x").first(), "run_unique_unfinished"),
    "whose key begins alike": (lambda: list(operations.runs_by_key("reminder:")), "run_by_key"),
    "what a schedule has not ended": (
        lambda: list(Run.objects.unfinished().filter(schedule__in=[1])),
        "run_of_schedule_unfinished",
    ),
    "what would not run after a deploy": (inflight.check_some, "run_unfinished"),
    "what waits, in a list": (lambda: queries.history(state="waiting"), "run_unfinished"),
    "what was missed": (lambda: queries.history(state="missed"), "run_unsuccessful"),
    "what failed lately": (lambda: queries.failures(since=ledger.now(), limit=10), "run_failed"),
    "what waits in each queue": (queries.all_queues, "run_packed"),
}


@pytest.mark.parametrize("question", ASKED)
def test_a_question_asked_often_is_answered_from_its_index(question: str) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL chooses by its statistics")
    ask, index = ASKED[question]
    plans = _plans_of(ask)
    assert any(f"INDEX {index}" in plan for plan in plans), plans
    assert not [plan for plan in plans if plan.startswith("SCAN jobs_run") and "INDEX" not in plan]


def _plans_of(ask: Callable[[], Any]) -> list[str]:
    return [line for plan in explained(ask, "EXPLAIN QUERY PLAN") for line in plan]
