"""Claiming, finishing and putting back many packed runs at once."""

from __future__ import annotations

import os
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from celery.app.task import Context
from celery.result import AsyncResult
from django.db import OperationalError, connection
from django_celery_results.models import TaskResult
from pytest_django import DjangoAssertNumQueries

from jobs import Concurrency, bell_message, job, ledger, pack, pack_claims
from jobs.bell_message import Key
from jobs.ledger import Fence, Success, Usage, successes
from jobs.ledger.successes import ANSWER_COLUMNS
from jobs.models import Queue, Run, Worker
from jobs.states import State
from jobs.tidings import Tidings
from project.celery import app
from tests.integration.jobs.conftest import MakeRun, all_at_once, new_node, row_of, stored_run
from tests.packed_jobs import packed
from tests.plugins.polling import poll

pytestmark = pytest.mark.django_db
KEY = Key("base", "packed")


def _answer(fence: Fence, at: datetime, *, status: str = "SUCCESS") -> dict[str, Any]:
    absent = dict.fromkeys(ANSWER_COLUMNS)
    text = {"content_type": "application/json", "content_encoding": "utf-8", "result": "null", "meta": "{}"}
    return {**absent, **text, "task_id": str(fence.run_id), "status": status, "date_created": at, "date_done": at}


def _waiting(**columns: Any) -> Run:
    return stored_run(State.QUEUED, **{"job": "packed", "is_packed": True, "published_at": None, **columns})


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Know nothing of who was alone in tests before."""
    monkeypatch.setattr(pack_claims, "_alone", {})


def _claim(node: Worker, most: int = 10, tenant: str = "") -> list[Run]:
    return ledger.claim_pack(*KEY, tenant, most=most, worker_id=node.pk, now=ledger.now())


def test_a_pack_is_claimed_in_one_statement_most_urgent_first(
    node: Worker, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    old, new, urgent = _waiting(), _waiting(), _waiting(priority=9)
    _waiting(job="other"), _waiting(queue="email"), _waiting(is_packed=False)
    with django_assert_num_queries(1):
        runs = _claim(node, most=2)
    assert [run.pk for run in runs] == [urgent.pk, old.pk]
    assert [(run.state, run.attempt, run.token, run.worker_id) for run in runs] == [("RUNNING", 1, 1, node.pk)] * 2
    assert [row_of(run.pk)["state"] for run in (old, new, urgent)] == ["RUNNING", "QUEUED", "RUNNING"]
    assert runs[0].args == [] and runs[0].correlation_id == "job-of-a-test"


def test_a_run_claimed_in_a_pack_is_what_its_row_holds(node: Worker) -> None:
    run = _waiting(kwargs={"number": 1}, reason="given back", expires_at=ledger.now() + timedelta(hours=1))
    (claimed,) = _claim(node)
    held = Run.objects.get(pk=run.pk)
    names = [field.attname for field in Run._meta.concrete_fields]
    assert {name: getattr(claimed, name) for name in names} == {name: getattr(held, name) for name in names}


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite ends them one by one")
def test_ends_are_written_to_runs_found_by_their_ids() -> None:
    with connection.cursor() as cursor:
        statement = successes._POSTGRES.replace("%s::", "NULL::").replace("%s", "NULL")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {statement}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "jobs_run_pkey" in plan and "run_running" not in plan


def test_what_is_not_due_late_of_another_tenant_or_paused_is_not_claimed(node: Worker) -> None:
    now = ledger.now()
    _waiting(run_at=now + timedelta(minutes=1))
    assert ledger.left_in_pack(*KEY, now=now) == (False, False)
    _waiting(run_at=now, expires_at=now - timedelta(seconds=1))
    _waiting(tenant="anna")
    assert _claim(node) == []
    assert [run.tenant for run in _claim(node, tenant="anna")] == ["anna"]
    _waiting()
    Queue.objects.create(name="base", paused_at=now)
    assert _claim(node) == []
    assert ledger.left_in_pack(*KEY, now=now) == (False, True)
    assert list(ledger.expired_in_pack(*KEY, now=now).values_list("tenant", flat=True)) == [""]


def test_behind_a_hundred_that_are_late_more_may_be_due() -> None:
    now = ledger.now()
    for _ in range(99):
        _waiting(run_at=now, expires_at=now)
    assert ledger.left_in_pack(*KEY, now=now) == (False, True)
    _waiting(run_at=now, expires_at=now), _waiting(run_at=now, tenant="zoe")
    assert ledger.left_in_pack(*KEY, now=now) == (True, True)


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_claim_at_once_share_the_runs() -> None:
    runs = {_waiting().pk for _ in range(40)}
    nodes = [new_node(), new_node()]
    first, second = all_at_once([lambda node=node: _claim(node, most=20) for node in nodes])  # type: ignore[misc]
    taken = [run.pk for run in [*first, *second]]
    assert len(taken) == len(set(taken))
    left = [run.pk for run in _claim(nodes[0], most=40)]
    assert {*taken, *left} == runs


@pytest.mark.django_db(transaction=True)
def test_a_claim_whose_answer_is_lost_with_the_database_counts_once(this_node: Worker) -> None:
    runs = {_waiting(tenant=tenant).pk for tenant in ("anna", "bert") for _ in range(3)}
    answers = 0

    def lose_the_second(execute: Any, sql: str, *rest: Any) -> Any:
        nonlocal answers
        answer = execute(sql, *rest)
        answers += "AS MATERIALIZED" in sql
        if answers == 2 and "AS MATERIALIZED" in sql:
            raise OperationalError("database is locked")
        return answer

    with connection.execute_wrapper(lose_the_second):
        claimed, _ = pack_claims.claim(KEY, 6)
    assert {run.pk for run in claimed} == runs
    assert {(row_of(pk)["state"], row_of(pk)["attempt"]) for pk in runs} == {("RUNNING", 1)}


def test_a_pack_of_several_tenants_says_whether_more_is_due(this_node: Worker) -> None:
    for tenant, count in {"anna": 7, "bert": 1, "cleo": 2}.items():
        for _ in range(count):
            _waiting(tenant=tenant)
    packs = [pack_claims.claim(KEY, 7) for _ in range(4)]
    assert [(Counter(run.tenant for run in runs), has_more) for runs, has_more in packs] == [
        ({"anna": 2, "bert": 1, "cleo": 2}, True),
        ({"anna": 5}, False),
        ({}, False),
        ({}, False),
    ]


def test_another_tenant_is_seen_within_half_a_window(this_node: Worker, settings: Any) -> None:
    settings.DAYBOOK = {**settings.DAYBOOK, "window": 12}
    for _ in range(30):
        _waiting(tenant="bert")
    packs = [pack_claims.claim(KEY, 3) for _ in range(4)]
    assert [Counter(run.tenant for run in runs) for runs, _ in packs] == [{"bert": 3}] * 4
    _waiting(tenant="anna"), _waiting(tenant="cleo", run_at=ledger.now() + timedelta(hours=1))
    packs = [pack_claims.claim(KEY, 3) for _ in range(3)]
    assert [run.tenant for runs, _ in packs for run in runs].count("anna") == 1


def test_few_runs_are_claimed_in_one_statement_whosever_they_are(
    this_node: Worker, django_assert_num_queries: DjangoAssertNumQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack_claims, "_crowded", set())
    first, last = _waiting(tenant="anna"), _waiting(tenant="bert")
    urgent = _waiting(tenant="cleo", priority=9)
    _waiting(job="other"), _waiting(is_packed=False), _waiting(run_at=ledger.now() + timedelta(minutes=1))
    assert ledger.claim_few(*KEY, most=2, worker_id=this_node.pk, now=ledger.now()) == []
    assert Run.objects.running().count() == 0
    with django_assert_num_queries(1):
        runs, has_more = pack_claims.claim(KEY, 3)
    assert ([run.pk for run in runs], has_more) == ([urgent.pk, first.pk, last.pk], False)


def test_a_single_run_says_at_once_that_it_is_all(this_node: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack_claims, "_crowded", set())
    run = _waiting()
    assert [([each.pk for each in runs], more) for runs, more in [pack_claims.claim(KEY, 1)]] == [([run.pk], False)]


def test_tenants_take_turns_also_one_run_at_a_time(this_node: Worker) -> None:
    for tenant in ("anna", "anna", "bert", "bert"):
        _waiting(tenant=tenant)
    claimed = [pack_claims.claim(KEY, 1)[0][0].tenant for _ in range(4)]
    assert claimed in (["anna", "bert", "anna", "bert"], ["bert", "anna", "bert", "anna"])


def test_good_ends_are_written_together_but_only_while_their_fences_hold(
    node: Worker, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    _waiting(), _waiting(), _waiting()
    runs = _claim(node)
    began, ended = ledger.now(), ledger.now() + timedelta(seconds=1)
    usage = Usage(cpu_seconds=0.5, max_rss=1000, started_at=began)
    fences = [Fence(runs[0].pk, token=1), Fence(runs[1].pk, token=7), Fence(runs[2].pk, token=1)]
    ends = [Success(fence, ended, usage, _answer(fence, ended)) for fence in fences]
    # On SQLite one each, one for the results, and the two that hold them together.
    with django_assert_num_queries(1 if connection.vendor == "postgresql" else 7):
        held = ledger.succeed_many([*ends, ends[0]._replace(fence=Fence(runs[0].pk, token=0))])
    assert held == {runs[0].pk, runs[2].pk}
    assert set(TaskResult.objects.values_list("task_id", flat=True)) == {str(run_id) for run_id in held}
    assert ledger.succeed_many(ends) == set()
    row = row_of(runs[0].pk)
    assert (row["state"], row["started_at"], row["finished_at"]) == ("SUCCESS", began, ended)
    assert (row["cpu_seconds"], row["max_rss"]) == (0.5, 1000)
    assert row_of(runs[1].pk)["state"] == "RUNNING"


@pytest.mark.parametrize(
    "text", ['"a,b"', "{}", "NULL", "back\\slash \\", "it's", "", " ", "line\nline", "\u00fc\u2603"]
)
def test_a_result_is_stored_word_for_word_with_those_of_its_pack(node: Worker, text: str) -> None:
    _waiting(), _waiting()
    one, other = (Fence(run.pk, token=1) for run in _claim(node))
    now = ledger.now()
    ends = [Success(one, now, Usage(), {**_answer(one, now), "result": text})]
    ledger.succeed_many([*ends, Success(other, now, Usage(), _answer(other, now))])
    stored = dict(TaskResult.objects.values_list("task_id", "result"))
    assert stored == {str(one.run_id): text, str(other.run_id): "null"}


def test_an_end_without_a_result_and_one_whose_task_had_one_before(node: Worker) -> None:
    _waiting(), _waiting()
    silent, told = (Fence(run.pk, token=1) for run in _claim(node))
    now = ledger.now()
    ledger.store_answers([_answer(told, now, status="PROGRESS")])
    ends = [Success(silent, now, Usage()), Success(told, now, Usage(), _answer(told, now))]
    assert ledger.succeed_many(ends) == {silent.run_id, told.run_id}
    assert [(row.task_id, row.status) for row in TaskResult.objects.all()] == [(str(told.run_id), "SUCCESS")]
    # An end that says nothing of its beginning leaves that of the claim.
    assert row_of(silent.run_id)["started_at"] is not None


def test_what_has_not_begun_goes_back_without_an_attempt(node: Worker) -> None:
    _waiting(), _waiting()
    runs = _claim(node)
    assert ledger.put_back(runs, reason="interrupted by a shutdown") == 2
    row = row_of(runs[0].pk)
    assert (row["state"], row["attempt"], row["token"], row["worker_id"]) == ("QUEUED", 0, 1, None)
    assert row["reason"] == "interrupted by a shutdown"
    assert ledger.put_back(runs, reason="again") == 0


def test_a_kill_by_a_persons_wish_ends_who_was_asked_and_counts_against_no_neighbour(this_node: Worker) -> None:
    _waiting(), _waiting()
    asked, neighbour = _claim(this_node)
    assert ledger.request_cancel(asked.pk, now=ledger.now())
    bell_request = Context({"id": "a bell", "task": bell_message.TASK, "child_pid": os.getpid()})
    app.backend.mark_as_revoked("a bell", "terminated", request=bell_request)
    assert (row_of(asked.pk)["state"], row_of(asked.pk)["reason"]) == ("CANCELLED", "terminated")
    assert str(AsyncResult(str(asked.pk)).state) == "REVOKED"
    row = row_of(neighbour.pk)
    assert (row["state"], row["attempt"], row["attempts"], row["is_packed"]) == ("RETRYING", 0, [], True)


def test_a_wish_to_cancel_is_not_forgotten_when_a_claimed_run_goes_back(this_node: Worker, broker: str) -> None:
    _waiting(), _waiting(), _waiting()
    asked, neighbour, misfit = runs = _claim(this_node)
    for run in (asked, misfit):
        assert ledger.request_cancel(run.pk, now=ledger.now())
    held = pack.Pack(packed, runs[:2], Tidings(app, "here"))
    held._give_back("waited behind a long run")
    held._park(misfit, "too many arguments")
    assert [row_of(run.pk)["state"] for run in runs] == ["CANCELLED", "QUEUED", "CANCELLED"]
    assert (row_of(neighbour.pk)["attempt"], row_of(neighbour.pk)["reason"]) == (0, "waited behind a long run")
    assert {str(AsyncResult(str(run.pk)).state) for run in (asked, misfit)} == {"REVOKED"}


def test_the_start_of_a_run_alone_is_told_while_its_body_runs(this_node: Worker, broker: str) -> None:
    _waiting()
    held = pack.Pack(packed, _claim(this_node), Tidings(app, "here"))
    held._tidings._wanted = True
    held._tidings.received(
        dict.fromkeys(("id", "task", "argsrepr", "kwargsrepr", "retries", "root_id", "parent_id"), "x")
    )

    def is_told() -> bool:
        held.mind()
        return held._tidings.age() == 0.0

    assert poll(is_told, within=pack.LATE_SECONDS / 2)


def test_a_run_that_asks_for_headers_of_its_own_has_a_message_of_its_own(make_run: MakeRun) -> None:
    assert packed.new_run([], {}).is_packed is True
    assert packed.new_run([], {}, headers={"x": 1}).is_packed is False
    assert packed.new_run([], {}, alone=True).is_packed is False


@pytest.mark.parametrize("options", [{"concurrency": Concurrency(1)}, {"pack": 5000}, {"pack": -1}])
def test_a_pack_that_cannot_keep_its_guards_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="pack"):
        job(**{"pack": 10, **options})(lambda: None)


def test_a_pack_with_time_limits_is_refused() -> None:
    with pytest.raises(TypeError, match="time limits"):
        job(pack=10, time_limit=5)(lambda: None)
