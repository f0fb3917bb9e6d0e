"""What the command line prints for programs is what the API answers, and what the one does to a run the other does."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from jobs import operations
from jobs.models import AuditEntry, BadMessage, KeptKey, LogChunk, Queue, Run
from jobs.models.run import Cause
from jobs.operations import Asker
from jobs.rollup import count_ends
from jobs.states import State
from tests import tasks_for_tests
from tests.commands import jobs, jobs_json
from tests.integration.jobs.api.conftest import Caller
from tests.rows import saved_run, saved_worker

pytestmark = [pytest.mark.django_db, pytest.mark.req("AA-4", "PW-5", "PW-6")]
assert tasks_for_tests
# Of these the answers hold a moment or an age of the asking itself.
AGES = {"at", "seconds", "longest_wait_seconds", "figures", "found", "first_at", "last_at", "since"}


@pytest.fixture
def things() -> dict[str, str]:
    """One of everything that is looked at."""
    now = timezone.now()
    given: dict[str, Any] = {"job": "add", "kwargs": {"x": 1}, "created_at": now, "run_at": now}
    error = {"error_kind": "OSError", "error_message": "away", "error_fingerprint": "f" * 16}
    failed = saved_run(**given, state=State.FAILED, started_at=now, finished_at=now, **error)
    saved_run(**given, queue="ai", state=State.QUEUED)
    saved_worker(name="mail@here", queues=["email"], started_at=now, heartbeat_at=now)
    new = {"name": "nightly", "job": "add", "rule": "daily 07:30", "kwargs": {"x": 1}}
    schedule = operations.add_schedule(new, by=Asker(cause=Cause.CLI, name="root"))
    message = BadMessage.objects.create(received_at=now, reason="unknown_job", job="gone", size=9, body=b"[]")
    line = {"at": now.isoformat(), "attempt": 1, "level": "info", "text": "added", "fields": {}, "trace": ""}
    text = json.dumps(line)
    LogChunk.objects.create(run_id=failed.pk, lines=1, size=len(text), text=text)
    KeptKey.objects.create(name="checkpoint:7", value="x", expires_at=now, kept_at=now)
    while count_ends(now=now + timedelta(minutes=2)):
        pass
    return {"run": str(failed.pk), "schedule": str(schedule.pk), "message": str(message.pk)}


SAME = {
    "list": "jobs",
    "show {run}": "runs/{run}",
    "why {run}": "runs/{run}/why",
    "log {run}": "runs/{run}/log",
    "history": "runs?limit=20",
    "failures": "failures?hours=24",
    "stats": "stats",
    "queue list": "queues",
    "worker list": "workers",
    "dead list": "dead-letters",
    "quarantine list": "quarantine",
    "quarantine show {message}": "quarantine/{message}",
    "schedule list": "schedules",
    "schedule show nightly": "schedules/{schedule}",
    "schedule preview nightly --count 5": "schedules/{schedule}/preview?count=5",
    "schedule history": "schedule-changes",
    "keys list": "keys",
    "top": "overview",
}


def settled(value: Any) -> Any:
    """Return the value without what changes from one asking to the next, times in one spelling."""
    if isinstance(value, dict):
        # The API names a schedule by its number, beside what every face tells of it.
        if value.keys() == {"id", "schedule"}:
            return settled(value["schedule"])
        return {name: settled(each) for name, each in value.items() if name not in AGES}
    if isinstance(value, list):
        return [settled(each) for each in value]
    return value.replace("+00:00", "Z") if isinstance(value, str) else value


@pytest.mark.parametrize(("verb", "path"), SAME.items(), ids=SAME)
def test_both_tell_the_same(verb: str, path: str, things: dict[str, str], operator: Caller) -> None:
    by_command = jobs_json(*verb.format(**things).split())
    by_api = operator.get(path.format(**things))
    told = by_api.get("items", by_api)
    assert settled(by_command) == settled(told)
    assert by_command


def both(verb: str, path: str, operator: Caller, make: Callable[[], Any], **body: Any) -> list[dict[str, Any]]:
    """Return what the verb and then its twin made of two things that are alike, and what the audit log says."""
    ends = []
    for act in (lambda thing: jobs(*verb.format(thing).split()), lambda thing: operator.post(path.format(thing), body)):
        thing = make()
        act(thing.pk)
        entry = AuditEntry.objects.filter(target=str(thing.pk)).values("action", "before", "after").first()
        thing.refresh_from_db()
        ends.append({"entry": entry, "state": thing.state, "kwargs": thing.kwargs, "closed": bool(thing.resolved_at)})
    return ends


@pytest.mark.parametrize(
    ("verb", "path", "state", "body"),
    [
        ("cancel {}", "runs/{}/cancel", State.SCHEDULED, {}),
        ("run-now {}", "runs/{}/run-now", State.SCHEDULED, {}),
        ("retry {} -a x=5", "runs/{}/retry", State.FAILED, {"args": {"x": 5}}),
        ("discard {}", "runs/{}/discard", State.FAILED, {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_both_do_the_same(verb: str, path: str, state: str, body: dict[str, Any], operator: Caller) -> None:
    now = timezone.now()
    ended = {"finished_at": now, "started_at": now} if state == State.FAILED else {"run_at": now + timedelta(days=1)}

    def make() -> Run:
        return saved_run(job="add", kwargs={"x": 1}, state=state, **ended)

    by_command, by_api = both(verb, path, operator, make, **body)
    assert by_command == by_api
    assert by_command["entry"]


def test_both_pause_and_resume(operator: Caller) -> None:
    assert operator.post("queues/email/pause").json() == {"changed": True}
    assert "paused already" in jobs("queue", "pause", "email")
    jobs("queue", "resume", "email")
    assert operator.post("queues/email/resume").json() == {"changed": False}
    assert not Queue.objects.filter(paused_at__isnull=False).exists()
