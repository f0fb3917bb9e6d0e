"""Messages from a Celery client that knows nothing of the engine: each gets its row and every guarantee."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from celery import Celery, signature
from celery.result import AsyncResult

from jobs.identifiers import run_id_of
from jobs.models import BadMessage, Run
from tests.acceptance.jobs.conftest import Engine
from tests.plugins.polling import poll

pytestmark = [pytest.mark.broker, pytest.mark.req("PL-1")]


def row(task_id: str, state: str) -> Run:
    found = poll(lambda: Run.objects.filter(pk=run_id_of(task_id), state=state).first(), within=20)
    assert found
    return found


def test_a_foreign_message_gets_its_row(engine: Engine, stranger: Celery) -> None:
    sent = stranger.send_task("add", (1,), {"y": 2})
    run = row(sent.id, "SUCCESS")
    assert (run.job, run.args, run.kwargs, run.cause, run.queue, run.attempt) == (
        "add",
        [1],
        {"y": 2},
        "foreign",
        "base",
        1,
    )
    assert AsyncResult(sent.id).get(timeout=5) == 3
    assert run.correlation_id.startswith("job-")


def test_a_foreign_task_id_need_not_be_a_uuid(engine: Engine, stranger: Celery) -> None:
    task_id = f"nightly export {uuid.uuid4().hex}"
    stranger.send_task("add", (2, 2), task_id=task_id)
    run = row(task_id, "SUCCESS")
    assert run.options["task_id"] == task_id
    assert AsyncResult(task_id).get(timeout=5) == 4


def test_a_foreign_message_sent_twice_runs_once(engine: Engine, stranger: Celery) -> None:
    task_id, word = str(uuid.uuid4()), uuid.uuid4().hex
    for _ in range(3):
        stranger.send_task("noted", (word,), task_id=task_id)
    row(task_id, "SUCCESS")
    later = stranger.send_task("noted", ("later",))
    row(later.id, "SUCCESS")
    assert [line.get("label") for line in engine.notes(event="begin")].count(word) == 1


def test_a_foreign_eta_waits_in_the_database(engine: Engine, stranger: Celery) -> None:
    eta = datetime.now(tz=UTC) + timedelta(seconds=3)
    sent = stranger.send_task("noted", ("later",), eta=eta)
    assert row(sent.id, "SCHEDULED").run_at == eta
    started = row(sent.id, "SUCCESS").started_at
    assert started and started >= eta


def test_a_foreign_link_and_chain_are_followed(engine: Engine, stranger: Celery) -> None:
    linked, last = uuid.uuid4().hex, uuid.uuid4().hex
    link = signature("noted", (linked,), immutable=True, app=stranger)
    rest = signature("noted", (last,), immutable=True, app=stranger, options={"task_id": str(uuid.uuid4())})
    sent = stranger.send_task("add", (1, 1), link=link, chain=[rest])
    row(sent.id, "SUCCESS")
    poll(lambda: {linked, last} <= {line.get("label") for line in engine.notes(event="end")}, within=20)


def test_a_foreign_failure_is_a_dead_letter(engine: Engine, stranger: Celery) -> None:
    run = row(stranger.send_task("fails", ("from afar",)).id, "FAILED")
    assert (run.error_kind, run.error_message) == ("RuntimeError", "from afar")


def test_foreign_arguments_that_do_not_fit_are_quarantined_with_the_reason(engine: Engine, stranger: Celery) -> None:
    sent = stranger.send_task("add", (), {"z": 1})
    kept = poll(lambda: BadMessage.objects.filter(task_id=sent.id).first(), within=20)
    assert kept
    assert (kept.reason, kept.job) == (BadMessage.Reason.ARGUMENTS, "add")
    assert "z" in kept.detail
    assert not Run.objects.filter(pk=sent.id).exists()


def test_a_foreign_message_past_its_deadline_leaves_a_skipped_row(engine: Engine, stranger: Celery) -> None:
    sent = stranger.send_task("noted", ("late",), expires=datetime.now(tz=UTC) - timedelta(seconds=5))
    assert row(sent.id, "SKIPPED").attempt == 0


@pytest.mark.req("AQ-2")
def test_a_foreign_sensitive_argument_is_sealed_in_the_row(engine: Engine, stranger: Celery) -> None:
    code = f"8{uuid.uuid4().int % 10**9:09d}"
    sent = stranger.send_task("sends_code", ("a@b.c",), {"code": code}, argsrepr="-", kwargsrepr="-")
    run = row(sent.id, "SUCCESS")
    assert code not in str(Run.objects.filter(pk=run.pk).values().get())
