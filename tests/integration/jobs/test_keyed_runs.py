"""Runs of the future known by a key: one per key, listed by how it begins, moved, cancelled; cheap however many."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from jobs import ledger, operations
from jobs.dispatch import dispatch
from jobs.errors import RefusedError
from jobs.models import Run
from jobs.models.run import Cause
from tests.rows import new_run, saved_run

pytestmark = [pytest.mark.django_db, pytest.mark.req("SK-1", "SK-2")]
DAY = timedelta(days=1)


def remind(key: str, days: int) -> Run:
    run, _ = operations.enqueue(
        "add", {"x": 1, "y": days}, cause=Cause.CODE, eta=ledger.now() + days * DAY, unique_key=key
    )
    return run


def test_a_key_has_one_run_and_keys_that_begin_alike_are_listed_soonest_first() -> None:
    late, soon = remind("gift:7:late", 60), remind("gift:7:soon", 30)
    remind("gift:77:other", 1)
    assert remind("gift:7:late", 3) == late
    assert list(operations.runs_by_key("gift:7:")) == [soon, late]


def test_a_moved_run_stays_the_same_run_and_its_deadline_moves_along() -> None:
    run = remind("gift:7", 30)
    Run.objects.filter(pk=run.pk).update(expires_at=run.run_at + DAY, fire_at=run.run_at)
    at = ledger.now() + 3 * DAY
    moved = operations.reschedule("gift:7", at=at)
    assert (moved.pk, moved.run_at, moved.expires_at, moved.state) == (run.pk, at, at + DAY, "SCHEDULED")
    assert moved.fire_at == at


def test_a_run_that_is_cancelled_by_its_key_frees_it() -> None:
    run = remind("gift:7", 30)
    assert operations.cancel_by_key("gift:7", by="anna").state == "CANCELLED"
    assert remind("gift:7", 30) != run


@pytest.mark.parametrize("state", ["QUEUED", "RUNNING", "SUCCESS", None])
def test_what_does_not_wait_is_not_moved(state: str | None) -> None:
    if state:
        saved_run(state=state, unique_key="gift:7")
    before = list(Run.objects.values())
    with pytest.raises(RefusedError, match="no run waits for its time under the key 'gift:7'"):
        operations.reschedule("gift:7", at=ledger.now() + DAY)
    assert list(Run.objects.values()) == before


def test_what_has_ended_is_not_cancelled() -> None:
    saved_run(state="SUCCESS", unique_key="gift:7")
    with pytest.raises(RefusedError, match="no unfinished run has the key"):
        operations.cancel_by_key("gift:7", by="anna")


def test_runs_of_the_future_cost_the_dispatcher_no_look() -> None:
    at = ledger.now() + 90 * DAY
    Run.objects.bulk_create([new_run(state="SCHEDULED", run_at=at) for _ in range(300)])
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE jobs_run")
            cursor.execute("SET LOCAL enable_seqscan = off")
        due = Run.objects.filter(state__in=["SCHEDULED", "RETRYING"], run_at__lte=ledger.now(), waits_for="")
        assert "run_due" in due.order_by("run_at").explain()
    assert dispatch(now=ledger.now()) == 0
    assert Run.objects.filter(state="SCHEDULED").count() == 300
