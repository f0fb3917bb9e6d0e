"""What faces ask about jobs, runs and queues is answered from the rows, and nothing sealed comes out."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import pytest
from celery import current_app
from django.contrib.auth.models import User
from django.utils import timezone
from django_celery_results.models import TaskResult
from pytest_django import DjangoAssertNumQueries

from jobs import operations, queries
from jobs.encryption import encrypt
from jobs.identifiers import run_id_of
from jobs.models import Queue, Run, Worker
from jobs.models.run import Cause
from jobs.queries import NoSuchRunError
from jobs.states import State
from tests import tasks_for_tests
from tests.rows import NOON, saved_run, saved_worker

pytestmark = pytest.mark.django_db
assert tasks_for_tests


@pytest.fixture
def anna() -> User:
    return User.objects.create_user("anna")


@pytest.mark.req("SW-6")
def test_every_registered_job_is_listed_with_queue_guards_and_argument_schema() -> None:
    jobs = {job.name: job for job in queries.all_jobs()}
    assert list(jobs) == sorted(jobs)
    unique, single, secret = (jobs[name] for name in ("unique_by_arguments", "one_at_a_time", "sends_code"))
    assert (single.queue, single.guards, single.attempts) == ("base", ["1 at a time per {key}"], 1)
    assert single.arguments["required"] == ["key"]
    assert single.arguments["properties"]["seconds"] == {"type": "number", "default": 0.0}
    assert unique.guards == ["one unfinished"]
    assert secret.sensitive == ["code"]
    assert not [name for name in jobs if name.startswith("celery.")]


@pytest.mark.req("SW-6")
def test_a_plain_shared_task_is_listed_too() -> None:
    plain = next(job for job in queries.all_jobs() if job.name == "plain")
    assert (plain.schedule, plain.guards, plain.arguments["required"]) == ("", [], ["value"])


def test_a_run_is_found_by_its_id_and_by_a_foreign_task_id() -> None:
    ours, foreign = saved_run(), saved_run(id=run_id_of("my-own-id"), options={"task_id": "my-own-id"})
    assert queries.find_run(ours.pk) == queries.find_run(str(ours.pk)) == ours
    assert queries.find_run("my-own-id") == foreign
    assert foreign.task_id == "my-own-id"


def test_a_run_that_is_not_there_is_told() -> None:
    with pytest.raises(NoSuchRunError, match="no run has the id 0199"):
        queries.find_run("0199c9a0-0000-7000-8000-000000000000")


@pytest.mark.req("PW-4")
def test_history_is_newest_first_and_narrows_by_job_state_queue_owner_and_time(anna: User) -> None:
    old = saved_run(job="a", created_at=NOON - timedelta(days=1))
    dead = saved_run(job="a", state=State.FAILED, owner=anna)
    closed = saved_run(job="a", state=State.FAILED, resolved_at=NOON, created_at=NOON + timedelta(seconds=1))
    other = saved_run(job="b", queue="email", state=State.RUNNING, created_at=NOON + timedelta(seconds=2))
    assert queries.history().runs == [other, closed, dead, old]
    assert queries.history(job="a").runs == [closed, dead, old]
    assert queries.history(state="FAILED").runs == [closed, dead]
    assert queries.history(state="dead").runs == [dead]
    assert queries.history(state="waiting").runs == [old]
    assert queries.history(queue="email").runs == queries.history(state="running").runs == [other]
    assert queries.history(owner=anna).runs == [dead]
    assert queries.history(since=NOON).runs == [other, closed, dead]
    assert queries.history(limit=2).runs == [other, closed]


def test_a_page_of_history_costs_one_query_whatever_its_length(
    anna: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(5):
        saved_run(owner=anna)
    with django_assert_num_queries(1):
        assert [str(run.owner) for run in queries.history().runs] == ["anna"] * 5


@pytest.mark.parametrize("term", ["anna", "ANNA", " anna "])
def test_search_finds_the_runs_of_a_user(anna: User, term: str) -> None:
    mine = saved_run(owner=anna)
    saved_run()
    assert list(queries.search(queries.listed(), term)) == [mine]


def test_search_finds_by_id_with_children_by_correlation_and_by_part_of_a_jobs_name() -> None:
    parent = saved_run(job="spawns")
    child = saved_run(job="noted", parent=parent, correlation_id=parent.correlation_id)
    gone = saved_run(job="a_job_that_was_removed")
    found = queries.listed().order_by("created_at", "id")
    assert set(queries.search(found, str(parent.pk))) == {parent, child}
    assert set(queries.search(found, parent.correlation_id)) == {parent, child}
    assert list(queries.search(found, "SPAWN")) == [parent]
    assert list(queries.search(found, "a_job_that_was_removed")) == [gone]
    assert list(queries.search(found, "removed")) == []
    assert list(queries.search(found, str(uuid.uuid4()))) == []


@pytest.mark.req("PL-3", "AQ-3")
def test_details_tell_result_timeline_and_children_of_a_run() -> None:
    worker = saved_worker(name="mail@atlas")
    run = saved_run(
        state=State.SUCCESS, kwargs={"user_id": 7}, started_at=NOON, finished_at=NOON, attempt=1, worker=worker
    )
    child = saved_run(parent=run)
    TaskResult.objects.create(task_id=str(run.pk), status="SUCCESS", result=json.dumps({"stored": 3}))
    known = queries.details(queries.find_run(run.pk))
    assert (known.result, known.has_result, known.kwargs) == ({"stored": 3}, True, {"user_id": 7})
    assert known.children == [child]
    assert [moment.what for moment in known.moments] == ["Enqueued by code", "Attempt 1 succeeded", "Finished"]
    assert known.moments[1].detail == "on mail@atlas"


def test_details_of_a_failed_run_have_its_traceback_and_no_result() -> None:
    run = saved_run(state=State.FAILED, error_kind="OSError", error_message="no route", finished_at=NOON)
    TaskResult.objects.create(task_id=str(run.pk), status="FAILURE", result='{"exc": 1}', traceback="Traceback ...")
    known = queries.details(queries.find_run(run.pk))
    assert (known.result, known.has_result, known.trace) == (None, False, "Traceback ...")


@pytest.mark.req("AQ-2")
def test_a_sensitive_argument_is_masked_and_so_is_what_is_called_like_a_secret() -> None:
    run, _ = operations.enqueue("sends_code", {"address": "anna@example.org", "code": "123456"}, cause=Cause.CODE)
    assert queries.details(run).kwargs == {"address": "anna@example.org", "code": "***"}
    nested = saved_run(args=[{"__sealed__": encrypt("x")}], kwargs={"login": {"password": "hunter2"}})
    known = queries.details(nested)
    assert (known.args, known.kwargs) == (["***"], {"login": {"password": "***"}})


def test_durations_come_from_the_latest_attempt_and_waits_from_the_first() -> None:
    first = {"started_at": (NOON + timedelta(seconds=2)).isoformat()}
    retried = saved_run(
        state=State.SUCCESS,
        started_at=NOON + timedelta(seconds=60),
        finished_at=NOON + timedelta(seconds=63),
        attempts=[first],
    )
    assert (queries.wait_seconds(retried), queries.run_seconds(retried)) == (2.0, 3.0)
    assert (queries.wait_seconds(saved_run()), queries.run_seconds(saved_run())) == (None, None)


@pytest.mark.req("AQ-1")
def test_queues_are_listed_with_what_waits_runs_and_serves() -> None:
    now = timezone.now()
    saved_worker(queues=["email", "base"], heartbeat_at=now)
    saved_worker(queues=["email"], heartbeat_at=now - timedelta(hours=1))
    saved_worker(queues=["email"], heartbeat_at=now, lost_at=now)
    saved_run(queue="email", run_at=now - timedelta(seconds=90))
    saved_run(queue="email", state=State.RUNNING)
    saved_run(queue="special")
    Queue.objects.create(name="ai", paused_at=now)
    queues = {queue.name: queue for queue in queries.all_queues()}
    assert list(queues) == ["base", "email", "ai", "notifications", "maintenance", "special"]
    email = queues["email"]
    assert (email.waiting, email.running, email.workers, email.paused_at) == (1, 1, 1, None)
    assert email.longest_wait_seconds == pytest.approx(90, abs=5)
    assert (queues["ai"].paused_at, queues["ai"].waiting, queues["ai"].workers) == (now, 0, 0)
    assert queues["special"].waiting == 1


def test_where_no_queues_are_configured_there_is_celerys_default_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(current_app.conf, "task_queues", None)
    assert [queue.name for queue in queries.all_queues()] == ["base"]


@pytest.mark.parametrize(
    ("columns", "state"),
    [({}, "late"), ({"stopped_at": NOON}, "stopped"), ({"lost_at": NOON, "stopped_at": NOON}, "lost")],
)
def test_a_worker_is_late_stopped_or_lost(columns: dict[str, object], state: str) -> None:
    assert queries.worker_state(saved_worker(**columns)) == state


def test_a_worker_that_has_just_reported_is_alive() -> None:
    assert queries.worker_state(Worker(heartbeat_at=timezone.now())) == "alive"


def test_details_find_the_result_of_a_foreign_task_id() -> None:
    run = saved_run(id=run_id_of("my-own-id"), options={"task_id": "my-own-id"}, state=State.SUCCESS)
    TaskResult.objects.create(task_id="my-own-id", status="SUCCESS", result="7")
    assert queries.details(Run.objects.get(pk=run.pk)).result == 7
