"""What faces ask reads about as many rows as it shows, however long the history and however rare what is looked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from jobs import inflight, queries
from jobs.keyset import page_of
from jobs.models import Run
from jobs.models.run import Cause
from jobs.queries import STATE_GROUPS, listed
from jobs.states import State
from tests.plans import explained
from tests.rows import NOON, new_run

pytestmark = [pytest.mark.django_db, pytest.mark.req("PW-3", "SK-12")]
ROWS, MOST_READ = 6000, 150
RARE = {"job": "rare", "queue": "rare", "cause": Cause.FOREIGN}
QUESTIONS: dict[str, Callable[[], Any]] = {
    "all runs": queries.history,
    "a rare job's": lambda: queries.history(job="rare"),
    "a common job's": lambda: queries.history(job="job 1"),
    "a rare queue's": lambda: queries.history(queue="rare"),
    "a common queue's": lambda: queries.history(queue="base"),
    "a rare user's": lambda: queries.history(owner=User.objects.get(username="rare")),
    "a rare user's, searched": lambda: page_of(queries.search(listed(), "rare"), cursor=None, limit=50),
    "of a rare cause": lambda: page_of(listed().filter(cause=Cause.FOREIGN), cursor=None, limit=50, in_parts=True),
    "of a common cause": lambda: page_of(listed().filter(cause=Cause.CODE), cursor=None, limit=50, in_parts=True),
    **{f"in state {name}": partial(queries.history, state=name) for name in STATE_GROUPS},
    "failures of a week": lambda: queries.failures(since=NOON - timedelta(days=7), limit=50),
    "a rare user's failures": lambda: queries.failures(
        since=NOON - timedelta(days=7), limit=50, owner=User.objects.get(username="rare")
    ),
    "what is in flight": inflight.check_some,
}


@pytest.fixture
def history() -> None:
    """Leave many runs that went well, and few of anything else, all of them old.

    In files begun anew: what other tests rolled back swells indexes, and a plan is chosen by their size.
    """
    if connection.vendor != "postgresql":
        pytest.skip("only PostgreSQL tells how many rows it read")
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE jobs_run CASCADE")
    rare = User.objects.create_user("rare")
    rows = [
        new_run(
            job=f"job {number % 5}",
            state=State.SUCCESS,
            created_at=NOON + timedelta(seconds=number),
            finished_at=NOON + timedelta(seconds=number + 1),
        )
        for number in range(ROWS)
    ]
    for row, state in zip(rows[:40], list(State) * 5, strict=False):
        row.state = state
        row.finished_at = row.finished_at if state.is_final else None
        row.owner, row.error_fingerprint = rare, "f" * 16
        for name, value in RARE.items():
            setattr(row, name, value)
    Run.objects.bulk_create(rows)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def test_lists_read_no_more_rows_than_they_need(history: None) -> None:
    read = {question: sum(map(_rows_read, _plans_of(ask))) for question, ask in QUESTIONS.items()}
    assert {question: rows for question, rows in read.items() if not 0 < rows <= MOST_READ} == {}


def _plans_of(ask: Callable[[], Any]) -> list[dict[str, Any]]:
    told = [line for (line,) in explained(ask, "EXPLAIN (ANALYZE, FORMAT JSON)")]
    return [(json.loads(each) if isinstance(each, str) else each)[0]["Plan"] for each in told]


def _rows_read(plan: dict[str, Any]) -> int:
    """Return how many rows of runs the plan's scans visited."""
    visited = sum(
        plan.get(name, 0) * plan["Actual Loops"]
        for name in ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
    )
    own = visited if plan.get("Relation Name") == "jobs_run" else 0
    return int(own) + sum(map(_rows_read, plan.get("Plans", ())))
