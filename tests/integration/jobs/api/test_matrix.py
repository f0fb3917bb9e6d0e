"""Every endpoint by role and ownership; an endpoint that is not in the table fails."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from jobs import operations, rollup
from jobs.models import BadMessage, KeptKey, Run, ScheduleChange
from jobs.models.run import Cause
from jobs.operations import Asker
from jobs.states import State
from tests import tasks_for_tests
from tests.integration.jobs.api.conftest import API, Caller, MakeCaller
from tests.rows import NOON, saved_run

pytestmark = [pytest.mark.django_db, pytest.mark.req("AA-5", "PW-6", "AQ-6")]
assert tasks_for_tests

WHO = ("nobody", "stranger", "owner", "viewer", "operator")
NEW = {"name": "new", "job": "add", "rule": "daily 07:30", "kwargs": {"x": 1}}
PAST = {"first": "2026-01-01T00:00:00Z", "until": "2026-01-01T01:00:00Z", "confirmed": 0}
# Answers to nobody, a stranger, the owner, staff who may only look, staff who may act.
TABLE: dict[tuple[str, str], tuple[str, Any, tuple[int, ...]]] = {
    ("GET", "jobs"): ("read", None, (401, 200, 200, 200, 200)),
    ("GET", "jobs/{name}"): ("read", None, (401, 200, 200, 200, 200)),
    ("POST", "jobs/{name}/runs"): ("run", {"args": {"x": 1}}, (401, 403, 403, 403, 202)),
    ("GET", "runs"): ("read", None, (401, 200, 200, 200, 200)),
    ("GET", "runs/{run_id}"): ("read", None, (401, 404, 200, 200, 200)),
    ("GET", "runs/{run_id}/why"): ("read", None, (401, 404, 200, 200, 200)),
    ("GET", "runs/{run_id}/log"): ("read", None, (401, 404, 200, 200, 200)),
    ("POST", "runs/{run_id}/cancel"): ("operate", None, (401, 404, 409, 403, 409)),
    ("POST", "runs/{run_id}/retry"): ("operate", {}, (401, 404, 200, 403, 200)),
    ("POST", "runs/{run_id}/run-now"): ("operate", None, (401, 404, 409, 403, 409)),
    ("POST", "runs/{run_id}/discard"): ("operate", None, (401, 404, 200, 403, 200)),
    ("POST", "runs/{run_id}/tell-me"): ("operate", None, (401, 404, 200, 200, 200)),
    ("GET", "failures"): ("read", None, (401, 200, 200, 200, 200)),
    ("GET", "runs/{run_id}/events"): ("read", None, (401, 404, 200, 200, 200)),
    ("GET", "events"): ("read", None, (401, 200, 200, 200, 200)),
    ("GET", "schedules"): ("read", None, (401, 200, 200, 200, 200)),
    ("POST", "schedules"): ("operate", NEW, (401, 409, 409, 403, 201)),
    ("GET", "schedules/{schedule_id}"): ("read", None, (401, 404, 200, 200, 200)),
    ("PATCH", "schedules/{schedule_id}"): ("operate", {"enabled": False}, (401, 404, 200, 403, 200)),
    ("DELETE", "schedules/{schedule_id}"): ("operate", None, (401, 404, 200, 403, 200)),
    ("POST", "schedules/{schedule_id}/pause"): ("operate", None, (401, 404, 200, 403, 200)),
    ("POST", "schedules/{schedule_id}/resume"): ("operate", None, (401, 404, 200, 403, 200)),
    ("POST", "schedules/{schedule_id}/run-now"): ("operate", None, (401, 404, 202, 403, 202)),
    ("GET", "schedules/{schedule_id}/preview"): ("read", None, (401, 404, 200, 200, 200)),
    ("GET", "overview"): ("read", None, (401, 403, 403, 200, 200)),
    ("GET", "queues"): ("read", None, (401, 403, 403, 200, 200)),
    ("POST", "queues/{name}/pause"): ("operate", None, (401, 403, 403, 403, 404)),
    ("POST", "queues/{name}/resume"): ("operate", None, (401, 403, 403, 403, 404)),
    ("POST", "queues/{name}/purge"): ("operate", None, (401, 403, 403, 403, 404)),
    ("GET", "workers"): ("read", None, (401, 403, 403, 200, 200)),
    ("GET", "stats"): ("read", None, (401, 403, 403, 200, 200)),
    ("GET", "stats/{name}"): ("read", None, (401, 403, 403, 200, 200)),
    ("DELETE", "stats/{name}"): ("admin", None, (401, 403, 403, 403, 200)),
    ("GET", "doctor"): ("read", None, (401, 403, 403, 200, 200)),
    ("GET", "inflight"): ("read", None, (401, 403, 403, 200, 200)),
    ("GET", "quarantine"): ("read", None, (401, 403, 403, 200, 200)),
    ("GET", "quarantine/{message_id}"): ("read", None, (401, 403, 403, 200, 200)),
    ("POST", "quarantine/{message_id}/replay"): ("operate", None, (401, 403, 403, 403, 409)),
    ("POST", "quarantine/{message_id}/discard"): ("operate", None, (401, 403, 403, 403, 200)),
    ("GET", "schedule-changes"): ("read", None, (401, 403, 403, 200, 200)),
    ("POST", "schedule-changes/{change_id}/revert"): ("operate", None, (401, 403, 403, 403, 409)),
    ("POST", "declared-schedules/sync"): ("operate", None, (401, 403, 403, 403, 200)),
    ("POST", "schedules/{schedule_id}/duplicate"): ("operate", None, (401, 404, 403, 403, 201)),
    ("POST", "schedules/{schedule_id}/backfill"): ("operate", PAST, (401, 404, 200, 403, 200)),
    ("GET", "dead-letters"): ("read", None, (401, 403, 403, 200, 200)),
    ("POST", "dead-letters/replay"): ("operate", {"job": "add"}, (401, 403, 403, 403, 200)),
    ("GET", "health"): ("read", None, (401, 403, 403, 200, 200)),
    ("GET", "keys"): ("read", None, (401, 403, 403, 200, 200)),
    ("POST", "keys/restore"): ("operate", {"pattern": "x"}, (401, 403, 403, 403, 409)),
    ("GET", "archives"): ("read", None, (401, 200, 200, 200, 200)),
    ("POST", "archives/schedule"): ("operate", None, (401, 200, 200, 200, 200)),
    ("POST", "archives/remove"): ("operate", None, (401, 200, 200, 200, 200)),
    ("GET", "search"): ("read", None, (401, 422, 422, 422, 422)),
    ("POST", "dead-letters/discard"): ("operate", {"job": "add"}, (401, 403, 403, 403, 200)),
}


@pytest.fixture
def failed(owner: Caller, settings: Any) -> Run:
    """A dead letter of the owner's, and a copy of a key; the watched Redis is one that never answers."""
    KeptKey.objects.create(name="x", value="eA==", expires_at=timezone.now(), kept_at=timezone.now())
    settings.DAYBOOK = {**settings.DAYBOOK, "watched_redis": "redis://127.0.0.1:1/0"}
    given = {"job": "add", "kwargs": {"x": 1}, "state": State.FAILED, "finished_at": NOON, "error_kind": "OSError"}
    run = saved_run(**given, owner=owner.user)
    rollup.count_ends(now=NOON)
    BadMessage.objects.create(received_at=NOON, reason="unknown_job", job="gone", size=9, body=b"[]")
    operations.add_schedule({**NEW, "name": "theirs", "owner": "owner"}, by=Asker(cause=Cause.CLI))
    return run


def place(path: str, run: Run) -> str:
    schedule = PeriodicTask.objects.get(name="theirs")
    change, message = ScheduleChange.objects.latest("id"), BadMessage.objects.get()
    return path.format(name="add", run_id=run.pk, schedule_id=schedule.pk, change_id=change.pk, message_id=message.pk)


def test_the_table_holds_every_endpoint() -> None:
    paths = Client().get(f"{API}openapi.json").json()["paths"]
    told = {(method.upper(), path.removeprefix(API)) for path, methods in paths.items() for method in methods}
    assert told == set(TABLE)


@pytest.mark.parametrize("endpoint", sorted(TABLE), ids=" ".join)
def test_who_may_do_what(endpoint: tuple[str, str], failed: Run, request: pytest.FixtureRequest) -> None:
    _, body, answers = TABLE[endpoint]
    before = list(Run.objects.values())
    told = {}
    for who in WHO:
        caller: Caller = request.getfixturevalue(who)
        with transaction.atomic():
            response = caller(endpoint[0], place(endpoint[1], failed), body)
            told[who] = response.status_code
            if response.streaming:
                # As a client that leaves before the first event: the place it held is free again.
                # Not by response.close(): it also ends the test's own connection.
                for closer in response._resource_closers:
                    closer()
            if response.status_code >= 400:
                assert response["Content-Type"] == "application/problem+json"
                assert response.json()["status"] == response.status_code
                assert list(Run.objects.values()) == before
            transaction.set_rollback(True)
    assert told == dict(zip(WHO, answers, strict=True))


@pytest.mark.anywhere
@pytest.mark.parametrize("endpoint", sorted(TABLE), ids=" ".join)
def test_a_token_without_the_scope_opens_nothing(endpoint: tuple[str, str], failed: Run, caller: MakeCaller) -> None:
    scope, body, _ = TABLE[endpoint]
    others = tuple({"read", "run", "operate", "admin"} - {scope})
    root = caller("root", scopes=others, is_staff=True, is_superuser=True)
    before = list(Run.objects.values())
    response = root(endpoint[0], place(endpoint[1], failed), body)
    assert (response.status_code, scope in response.json()["detail"]) == (403, True)
    assert list(Run.objects.values()) == before


def test_lists_show_users_theirs_and_staff_all(failed: Run, owner: Caller, stranger: Caller, viewer: Caller) -> None:
    for path in ("runs", "runs?state=dead", f"failures?hours={168}"):
        assert stranger.get(path)["items"] == []
    assert [item["id"] for item in owner.get("runs")["items"]] == [str(failed.pk)]
    assert [item["id"] for item in viewer.get("runs")["items"]] == [str(failed.pk)]
