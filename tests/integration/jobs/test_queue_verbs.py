"""Queues and workers are listed, queues paused, resumed and purged from the command line."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from jobs.models import Queue, Run, Worker
from jobs.operations import queues
from jobs.states import State
from tests.commands import jobs, jobs_json, refused
from tests.rows import NOON, saved_run, saved_worker

pytestmark = pytest.mark.django_db


@pytest.mark.req("AQ-1")
def test_queue_list_tells_what_waits_runs_and_serves() -> None:
    saved_run(queue="email")
    saved_run(queue="email", state=State.RUNNING)
    saved_worker(queues=["email", "base"], heartbeat_at=timezone.now())
    listed = {queue["name"]: queue for queue in jobs_json("queue", "list")}
    assert list(listed) == ["base", "email", "ai", "notifications", "maintenance"]
    email = listed["email"]
    assert (email["waiting"], email["running"], email["workers"], email["paused_at"]) == (1, 1, 1, None)
    assert email["longest_wait_seconds"] > 0
    assert [line.split()[:2] for line in jobs("queue", "list").splitlines()[1:4]] == [
        ["base", "served"],
        ["email", "served"],
        ["ai", "no"],
    ]


def test_a_queue_is_paused_and_resumed_and_says_when_it_was_already() -> None:
    anna = User.objects.create_user("anna")
    assert jobs("queue", "pause", "email", "--by", "anna") == "email is paused\n"
    row = Queue.objects.get()
    assert (row.paused_by, row.paused_at is not None) == (anna, True)
    assert jobs("queue", "pause", "email") == "email was paused already\n"
    assert Queue.objects.get().paused_by == anna
    assert jobs("queue", "resume", "email") == "email runs again\n"
    assert jobs("queue", "resume", "email") == "email was not paused\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("pause", "mail"), "there is no queue 'mail'; there are base, email, ai, notifications, maintenance"),
        (("resume", "mail"), "there is no queue 'mail'"),
        (("purge", "mail", "--yes"), "there is no queue 'mail'"),
        (("pause", "email", "--by", "nobody"), "there is no user 'nobody'"),
        (("purge", "email"), "Cancel every waiting run of email? Nobody can be asked here: add --yes; nothing was"),
    ],
)
def test_misuse_exits_2_and_changes_nothing(arguments: tuple[str, ...], words: str) -> None:
    run = saved_run(queue="email")
    status, said = refused("queue", *arguments)
    assert (status, said[: len(words)]) == (2, words)
    assert Queue.objects.count() == 0
    assert Run.objects.get(pk=run.pk).state == State.QUEUED


def test_purge_cancels_what_waits_in_the_queue_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    for state in (State.QUEUED, State.SCHEDULED, State.RETRYING, State.RUNNING, State.FAILED):
        saved_run(queue="email", state=state)
    saved_run(queue="base")
    monkeypatch.setattr(queues, "BATCH", 2)
    assert jobs_json("queue", "purge", "email", "--yes") == {"cancelled": 3}
    assert sorted(Run.objects.filter(queue="email").values_list("state", flat=True)) == [
        "CANCELLED",
        "CANCELLED",
        "CANCELLED",
        "FAILED",
        "RUNNING",
    ]
    assert Run.objects.get(queue="base").state == State.QUEUED
    reasons = set(Run.objects.filter(state=State.CANCELLED).values_list("reason", flat=True))
    assert len(reasons) == 1
    assert reasons.pop().startswith("queue purged by ")


def test_worker_list_shows_who_should_be_there_and_with_all_who_was() -> None:
    alive = saved_worker(queues=["base"], heartbeat_at=timezone.now())
    beat = saved_worker(name="beat@here", kind=Worker.Kind.BEAT)
    gone = saved_worker(name="gone@here", stopped_at=NOON)
    listed = jobs_json("worker", "list")
    assert [(node["id"], node["kind"], node["state"]) for node in listed] == [
        (str(beat.pk), "beat", "late"),
        (str(alive.pk), "worker", "alive"),
    ]
    everybody = {node["id"]: node["state"] for node in jobs_json("worker", "list", "--all")}
    assert everybody == {str(alive.pk): "alive", str(beat.pk): "late", str(gone.pk): "stopped"}
    assert jobs("worker", "list").splitlines()[2].split()[:3] == ["worker@here", "(pid", "1)"]
