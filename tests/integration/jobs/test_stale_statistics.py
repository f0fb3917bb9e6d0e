"""What is asked for every pack and tick is answered from an index, though the statistics tell of many that wait.

They are up to minutes old: as many waited when they were taken, and all have ended since.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from jobs import dispatch, health, ledger, prepared, turns, window
from jobs.models import Run, Worker
from jobs.states import State
from tests.plans import explained

pytestmark = pytest.mark.django_db

KEY = ("base", "packed")
MANY = 2000


def _few(node: Worker, **options: Any) -> list[Run]:
    return ledger.claim_few(*KEY, most=100, worker_id=node.pk, now=ledger.now(), **options)


ASKED: dict[str, Callable[[Worker], Any]] = {
    "claim all there are": _few,
    "claim, hearing a bell": lambda node: _few(node, hears_bell=True),
    "claim a tenant's": lambda node: ledger.claim_pack(*KEY, "", most=100, worker_id=node.pk, now=ledger.now()),
    "is more due": lambda node: ledger.left_in_pack(*KEY, now=ledger.now()),
    "do others wait": lambda node: ledger.others_wait(*KEY, "", now=ledger.now()),
    "whose turn it is": lambda node: turns.next_tenants("base", ledger.due_in_pack(*KEY, now=ledger.now()), places=100),
    "which packs are due": lambda node: list(turns.waiting_packs(ledger.now())),
    "which queues wait": lambda node: list(turns.waiting_queues()),
    "is a place free": lambda node: window._room("base"),
    "what lost its message": lambda node: dispatch.forget_lost_messages(now=ledger.now()),
    "which queues a worker must serve": lambda node: health.report(["workers"]),
    "what goes to the broker": lambda node: dispatch._take("base", now=ledger.now(), limit=100),
    "what is due": lambda node: ledger.release_due(now=ledger.now(), limit=100),
    "which keyed runs have a free slot": lambda node: dispatch._with_free_slots("base", ledger.now()),
}
WAITED: dict[str, dict[str, Any]] = {
    "packed": {"state": State.QUEUED, "is_packed": True},
    "unpublished": {"state": State.QUEUED},
    "keyed": {"state": State.QUEUED, "concurrency_key": "user:1", "concurrency_limit": 1},
    "scheduled": {"state": State.SCHEDULED},
    "published": {"state": State.QUEUED, "published_at": ledger.now() - timedelta(hours=1)},
}
# What asks for keyed runs, or for all others, has no index of just these to ask in the order of; and what counts the
# published ones counts no more than a window holds, of which there are never as many.
EXCUSED = {
    ("keyed", "which keyed runs have a free slot"),
    ("keyed", "what goes to the broker"),
    ("keyed", "is a place free"),
    ("published", "is a place free"),
}


@pytest.mark.parametrize("waited", WAITED)
def test_what_is_asked_often_reads_an_index(waited: str, this_node: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite chooses without statistics")
    monkeypatch.setattr(prepared, "cursor", connection.cursor)
    # Nobody asks it here, nor notes for the tests to come that it didn't answer.
    monkeypatch.setattr(dispatch, "is_broker_away", lambda _queue: True)
    _analyse_while_waiting(**WAITED[waited])
    slow = {(waited, question) for question, ask in ASKED.items() if _reads_the_table(ask, this_node)}
    assert slow <= EXCUSED


def _analyse_while_waiting(**columns: Any) -> None:
    now = ledger.now()
    runs = [Run(queue=KEY[0], job=KEY[1], created_at=now, run_at=now, **columns) for _ in range(MANY)]
    Run.objects.bulk_create(runs)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE jobs_run")
    # All but the last, so that there is something to find.
    Run.objects.exclude(pk=runs[-1].pk).update(state=State.SUCCESS, finished_at=now)


def _reads_the_table(ask: Callable[[Worker], Any], node: Worker) -> bool:
    # For each question anew, as some take what they find.
    with transaction.atomic():
        plans = explained(lambda: ask(node), "EXPLAIN")
        transaction.set_rollback(True)
    assert plans
    return any("Seq Scan on jobs_run" in line for plan in plans for line in plan)
