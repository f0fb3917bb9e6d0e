"""How a run is enqueued: in its transaction, later, not too late, with every option of Celery's apply_async."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from celery.exceptions import TaskRevokedError
from celery.exceptions import TimeoutError as CeleryTimeout
from django.db import transaction
from django_celery_results.models import TaskResult

from jobs.models import Run
from tests.acceptance.jobs.conftest import Engine
from tests.tasks_for_tests import add, noted

pytestmark = pytest.mark.broker


@pytest.mark.req("PL-1")
def test_a_result_that_is_not_there_in_time_is_a_timeout(engine: Engine) -> None:
    result = add.apply_async((1, 1), countdown=60)
    assert result.state == "PENDING"
    with pytest.raises(CeleryTimeout):
        result.get(timeout=0.2)


@pytest.mark.req("PL-1")
def test_an_expired_run_is_skipped_and_its_reader_told(engine: Engine) -> None:
    result = noted.apply_async(("late",), expires=-1)
    run = engine.ended(result)
    assert (run.state, run.attempt, engine.notes(result)) == ("SKIPPED", 0, [])
    assert str(result.state) == "REVOKED"
    with pytest.raises(TaskRevokedError):
        result.get(timeout=5)


@pytest.mark.req("PL-1")
def test_a_countdown_waits_in_the_database(engine: Engine) -> None:
    result = noted.apply_async(("later",), countdown=1.5)
    run = engine.run(result)
    assert (run.state, run.published_at) == ("SCHEDULED", None)
    assert result.get(timeout=20) == "later"
    ended = engine.run(result)
    assert ended.started_at and ended.started_at >= run.run_at


@pytest.mark.req("PL-1", "SK-10")
def test_a_run_exists_exactly_when_the_transaction_commits(engine: Engine) -> None:
    kept: list[Any] = []
    with transaction.atomic():
        lost = noted.delay("rolled back")
        transaction.set_rollback(True)
    with transaction.atomic():
        kept.append(noted.delay("committed"))
        assert Run.objects.get(pk=kept[0].id).state == "QUEUED"
    assert kept[0].get(timeout=20) == "committed"
    assert not Run.objects.filter(pk=lost.id).exists()
    assert [line["label"] for line in engine.notes(kept[0], event="begin")] == ["committed"]
    assert not [line for line in engine.notes() if line.get("label") == "rolled back"]


@pytest.mark.parametrize(
    "options",
    [
        {"retry": False},
        {"retry_policy": {"max_retries": 2}},
        {"headers": {"x-mine": "1"}},
        {"priority": 5},
        {"shadow": "another name"},
        {"serializer": "json"},
        {"compression": "gzip"},
        {"ignore_result": False},
        {"time_limit": 30, "soft_time_limit": 20},
        {"delivery_mode": 1},
        {"argsrepr": "shown", "kwargsrepr": "shown"},
        {"add_to_parent": False},
        {"queue": "email"},
        {"routing_key": "email"},
        {"exchange": "", "routing_key": "email"},
        {"eta": None, "countdown": None, "expires": None},
        {"root_id": str(uuid.uuid4()), "parent_id": None},
        {"reply_to": "someone"},
        {"task_id": "not-a-uuid"},
        {"stamped_headers": ["who"], "who": "me"},
    ],
    ids="-".join,
)
@pytest.mark.req("PL-1")
def test_an_option_of_celerys_apply_async_is_understood(engine: Engine, options: dict[str, Any]) -> None:
    result = add.apply_async((1, 1), **options)
    assert result.get(timeout=15) == 2


@pytest.mark.req("PL-1")
def test_a_result_that_nobody_wants_is_not_stored(engine: Engine) -> None:
    result = add.apply_async((1, 1), ignore_result=True)
    assert engine.ended(result).state == "SUCCESS"
    assert not TaskResult.objects.filter(task_id=str(result.id), result="2").exists()
