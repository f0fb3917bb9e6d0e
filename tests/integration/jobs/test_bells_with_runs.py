"""A bell is set with the run that it rings for, and cleared with the claim that hears it; nothing falls in between."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from jobs import bell, bell_message, ledger, pack, pack_claims
from jobs.bell_message import Key
from jobs.models import Bell, Queue, Run, Worker
from jobs.per_process import PerProcess
from jobs.states import State
from tests.integration.jobs.conftest import stored_run
from tests.packed_jobs import looks_who_has_ended, packed
from tests.plugins.polling import poll

pytestmark = [pytest.mark.usefixtures("broker"), pytest.mark.django_db(transaction=True)]
KEY = Key("base", "packed")
on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite needs a statement for each")


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Know of no bell rung, and of no crowd, before."""
    monkeypatch.setattr(bell, "_ringer", PerProcess(bell._Ringer))
    monkeypatch.setattr(pack_claims, "_crowded", set())


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Key]:
    """The bells that were sent."""
    keys: list[Key] = []
    monkeypatch.setattr(bell_message, "send", keys.append)
    return keys


@pytest.fixture
def cleared() -> Bell:
    """A bell that was heard."""
    return Bell.objects.create(queue="base", job="packed", rung_at=None)


def _waiting(job: str = "packed") -> Run:
    return stored_run(State.QUEUED, job=job, kwargs={"label": "x"}, is_packed=True, published_at=None)


def _claim(node: Worker) -> list[Run]:
    return ledger.claim_few(*KEY, most=10, worker_id=node.pk, now=ledger.now(), hears_bell=True)


def _enqueue_another() -> None:
    packed.delay("b")
    connection.close()


def _later(action: Any) -> tuple[threading.Thread, list[Any]]:
    """Do it in another thread and session, where it is seen to wait for a lock."""
    answers: list[Any] = []

    def act() -> None:
        answers.append(action())
        connection.close()

    thread = threading.Thread(target=act)
    thread.start()
    poll(_somebody_waits, within=10)
    return thread, answers


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = %s",
            [connection.settings_dict["NAME"]],
        )
        return bool(cursor.fetchone()[0])


@on_postgresql
def test_the_statement_that_inserts_a_run_sets_its_bell(
    cleared: Bell, sent: list[Key], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(ledger, "set_bell")
    run_id = packed.delay("a").id
    cleared.refresh_from_db()
    assert cleared.rung_at == Run.objects.get(pk=run_id).created_at
    assert sent == [KEY]


@on_postgresql
def test_a_run_that_waits_for_its_owner_holds_up_nobody_elses_bell(cleared: Bell, sent: list[Key]) -> None:
    kim = User.objects.create_user("kim")
    with transaction.atomic():
        User.objects.select_for_update().get(pk=kim.pk)
        thread, _ = _later(lambda: packed.apply_async(("a",), owner=kim.pk))
        other = threading.Thread(target=_enqueue_another)
        other.start()
        other.join(10)
        assert not other.is_alive() and sent == [KEY]
    thread.join(10)
    assert Run.objects.count() == 2


def test_a_run_whose_bell_is_on_its_way_sends_no_other(cleared: Bell, sent: list[Key]) -> None:
    packed.delay("a")
    cleared.refresh_from_db()
    bell._ringer()._rung.clear()
    rung_at = cleared.rung_at
    packed.delay("b")
    cleared.refresh_from_db()
    assert (sent, cleared.rung_at, Run.objects.count()) == ([KEY], rung_at, 2)


def test_a_bell_that_nobody_heard_for_long_is_set_with_the_next_run(cleared: Bell, sent: list[Key]) -> None:
    Bell.objects.update(rung_at=ledger.now() - 2 * Bell.LOST_AFTER)
    packed.delay("a")
    cleared.refresh_from_db()
    assert cleared.rung_at is not None and ledger.now() - cleared.rung_at < Bell.LOST_AFTER
    assert sent == [KEY]


@pytest.mark.parametrize("sets", [True, False])
def test_a_run_is_there_though_the_broker_is_not(
    cleared: Bell, monkeypatch: pytest.MonkeyPatch, sets: bool, settings: Any
) -> None:
    settings.DAYBOOK = {**settings.DAYBOOK, "publish_pause_seconds": 0.0}

    def refuse(key: Key) -> None:
        raise ConnectionRefusedError(str(key))

    monkeypatch.setattr(bell_message, "send", refuse)
    monkeypatch.setattr(bell._Ringer, "is_due", lambda *_: sets)
    run_id = packed.delay("a").id
    cleared.refresh_from_db()
    assert (Run.objects.get(pk=run_id).state, cleared.rung_at) == ("QUEUED", None)


@on_postgresql
def test_who_finds_the_bell_set_waits_for_the_claim_that_clears_it_and_rings(node: Worker) -> None:
    assert ledger.set_bell(*KEY, now=ledger.now())
    with transaction.atomic():
        assert _claim(node) == []
        thread, answers = _later(lambda: ledger.set_bell(*KEY, now=ledger.now()))
    thread.join(10)
    assert answers == [True]


@on_postgresql
def test_a_claim_does_not_see_what_came_while_it_cleared_the_bell_but_the_look_after_it_does(node: Worker) -> None:
    assert ledger.set_bell(*KEY, now=ledger.now())
    with transaction.atomic():
        Bell.objects.select_for_update().get()
        thread, answers = _later(lambda: _claim(node))
        _waiting()
    thread.join(10)
    assert answers == [[]]
    assert ledger.left_in_pack(*KEY, now=ledger.now()) == (True, False)


@on_postgresql
def test_a_claim_clears_the_bell_before_it_takes_a_run(node: Worker) -> None:
    assert ledger.set_bell(*KEY, now=ledger.now())
    run = _waiting()
    with transaction.atomic():
        Bell.objects.select_for_update().get()
        thread, answers = _later(lambda: _claim(node))
        assert list(Run.objects.select_for_update(skip_locked=True)) == [run]
    thread.join(10)
    assert answers == [[run]]


@pytest.mark.parametrize("before", [0, 1])
def test_what_came_while_the_bell_was_heard_is_performed(this_node: Worker, before: int) -> None:
    late: list[Run] = []
    name = looks_who_has_ended.name
    for _ in range(before):
        _waiting(name)

    def come_after_the_first_look(execute: Any, sql: str, *rest: Any) -> Any:
        answer = execute(sql, *rest)
        if "AS MATERIALIZED" in sql and not late:
            late.append(_waiting(name))
        return answer

    with connection.execute_wrapper(come_after_the_first_look):
        assert pack.hear(Key("base", name), hostname="w@here") == before + 1
    assert set(Run.objects.values_list("state", flat=True)) == {"SUCCESS"}


def test_a_paused_queue_is_looked_at_once(this_node: Worker) -> None:
    _waiting()
    ledger.set_bell(*KEY, now=ledger.now())
    Queue.objects.create(name="base", paused_at=ledger.now())
    assert pack.hear(KEY, hostname="w@here") == 0
    assert Bell.objects.get().rung_at is None
