"""Alerts to operators: each thing once, with its run, never a flood; and beat's own look for workers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from ingestion.models import LLMCall
from jobs.models import Run, Worker
from jobs.models.run import Cause
from notifications.alerting.absence import watch_absence
from notifications.models import Alert, Delivery, Preference, RunWish, Signal, Watermark
from notifications.operations import tell_when_ended
from notifications.run_notices import tell_who_asked
from notifications.tasks import watch_runs

from .conftest import MailServer

pytestmark = pytest.mark.django_db
PILED = {"dead_letters:all": 1}


@pytest.fixture(autouse=True)
def _operators(settings: Settings) -> None:
    settings.DAYBOOK_NOTIFICATIONS = {"alert_urls": ["mailto:ops@home.example"], "site_url": "https://day.example"}


def ended(state: str = "FAILED", *, ago: float = 1, job: str = "sync_account", **fields: Any) -> Run:
    now = timezone.now()
    columns = {
        "created_at": now - timedelta(minutes=5),
        "run_at": now,
        "finished_at": now - timedelta(seconds=ago),
        "correlation_id": "job-abc",
        "error_kind": "OSError" if state == "FAILED" else "",
        "error_message": "no route" if state == "FAILED" else "",
        "error_fingerprint": "f1" if state == "FAILED" else "",
    }
    return Run.objects.create(**{**columns, "job": job, "state": state, **fields})


def subjects(server: MailServer) -> list[str]:
    return [str(mail["Subject"]) for mail in server.accepted]


def text(server: MailServer, number: int = 0) -> str:
    part: Any = server.accepted[number].get_payload(0)
    return str(part.get_payload(decode=True).decode().replace("\r\n", "\n"))


def in_minutes(minutes: float, start: datetime) -> time_machine.travel:
    return time_machine.travel(start + timedelta(minutes=minutes), tick=False)


@pytest.mark.req("PW-8")
def test_a_failed_run_is_told_with_its_correlation_and_link(mail_server: MailServer) -> None:
    run = ended()
    ended("SUCCESS")
    watch_runs()
    assert (subjects(mail_server), mail_server.recipients()) == (["Failed: sync_account"], ["ops@home.example"])
    told = text(mail_server)
    assert "OSError: no route" in told
    assert "Correlation: job-abc" in told
    assert f"Run: https://day.example/admin/jobs/run/{run.pk}/change/" in told


def test_the_same_failure_is_counted_and_told_again_after_an_hour_and_five_are_repeated(
    mail_server: MailServer,
) -> None:
    start = timezone.now()
    told = {}
    for minute in (0, 1, 2, 3, 61, 62):
        with in_minutes(minute, start):
            if minute < 61:
                ended()
            watch_runs()
            told[minute] = len(mail_server.accepted)
    assert Alert.objects.get(kind="failure").count == 4
    assert told == {0: 1, 1: 1, 2: 1, 3: 1, 61: 2, 62: 2}
    with in_minutes(63, start):
        ended()
        watch_runs()
    assert subjects(mail_server)[-1] == "Fails again and again: sync_account"


def test_an_end_that_is_read_twice_counts_once(mail_server: MailServer) -> None:
    ended()
    for _ in range(3):
        watch_runs()
    assert Alert.objects.get().count == 1


def test_an_end_committed_late_is_not_overlooked(mail_server: MailServer) -> None:
    watch_runs()
    ended(ago=100)
    watch_runs()
    assert subjects(mail_server) == ["Failed: sync_account"]


def test_a_flood_of_different_failures_is_one_summary(mail_server: MailServer) -> None:
    for number in range(15):
        ended(job=f"job_{number}")
    watch_runs()
    assert subjects(mail_server) == ["15 alerts"]
    assert "- Failed: job_14 (1 times)" in text(mail_server)
    ended(job="one_more")
    watch_runs()
    assert subjects(mail_server)[1:] == ["Failed: one_more"]


def test_missed_schedules_dead_letters_and_spent_budgets_are_told(mail_server: MailServer, settings: Settings) -> None:
    settings.DAYBOOK_NOTIFICATIONS = {**settings.DAYBOOK_NOTIFICATIONS, "alert_dead_letters": 2}
    settings.DAYBOOK_INGESTION = {**settings.DAYBOOK_INGESTION, "llm_daily_tokens": 100}
    ended("MISSED", reason="3 fires missed")
    for _ in range(2):
        ended(ago=3600 * 5)
    user = User.objects.create_user("kim")
    LLMCall.objects.create(owner=user, model="m", purpose="p", tokens_in=60, tokens_out=40)
    watch_runs()
    assert sorted(subjects(mail_server)) == [
        "2 dead letters wait for a person",
        "Missed: sync_account",
        f"User {user.pk} has spent today's language model budget",
    ]


def test_a_thousand_old_failures_hide_no_later_one(mail_server: MailServer) -> None:
    now = timezone.now()
    columns = {"job": "old", "state": "FAILED", "created_at": now, "run_at": now, "error_kind": "OSError"}
    Run.objects.bulk_create([Run(finished_at=now - timedelta(minutes=4), **columns) for _ in range(1001)])
    ended(job="new")
    with CaptureQueriesContext(connection) as first:
        watch_runs()
    counts = dict(Alert.objects.values_list("key", "count"))
    assert counts == {"failure:old:OSError": 1001, "repeated:old:OSError": 997, "failure:new:f1": 1, **PILED}
    assert len(first) < 200, "the same is raised once, not a thousand times"
    assert len(Watermark.objects.get(name="watch_runs").seen) == 1, "only what will be read again"
    watch_runs()
    assert dict(Alert.objects.values_list("key", "count")) == {**counts, "dead_letters:all": 2}


def test_a_budget_is_a_users_and_calls_of_nobody_spend_none(mail_server: MailServer, settings: Settings) -> None:
    settings.DAYBOOK_INGESTION = {**settings.DAYBOOK_INGESTION, "llm_daily_tokens": 100}
    LLMCall.objects.create(owner=None, model="m", purpose="p", tokens_in=600, tokens_out=40)
    watch_runs()
    assert not Alert.objects.exists()
    kim = User.objects.create_user("kim")
    LLMCall.objects.create(owner=kim, model="m", purpose="p", tokens_in=60, tokens_out=40)
    watch_runs()
    assert Alert.objects.get().text == "100 of 100 tokens since midnight UTC"


def test_nobody_to_tell_keeps_the_alert_in_the_admin(mail_server: MailServer, settings: Settings) -> None:
    settings.DAYBOOK_NOTIFICATIONS = {}
    ended()
    watch_runs()
    assert (Alert.objects.get().told_at, Delivery.objects.count()) == (None, 0)


def test_beat_tells_that_no_worker_is_there_after_two_minutes_and_once_an_hour(mail_server: MailServer) -> None:
    start = timezone.now()
    told = {}
    for minute in (0, 1, 2, 3, 30, 63):
        with in_minutes(minute, start):
            told[minute] = watch_absence(now=timezone.now())
    assert told == {0: 0, 1: 0, 2: 1, 3: 0, 30: 0, 63: 1}
    assert set(subjects(mail_server)) == {"No worker reports"}


def test_a_worker_that_comes_back_ends_the_absence(mail_server: MailServer) -> None:
    start = timezone.now()
    with in_minutes(0, start):
        watch_absence(now=timezone.now())
    with in_minutes(1, start):
        worker = Worker.objects.create(
            name="w", pid=1, queues=["base"], heartbeat_at=timezone.now(), started_at=timezone.now()
        )
        watch_absence(now=timezone.now())
        worker.delete()
    with in_minutes(3, start):
        assert watch_absence(now=timezone.now()) == 0
    assert mail_server.accepted == []


@pytest.mark.req("AA-7")
def test_who_asked_for_a_run_is_told_of_its_end_once(mail_server: MailServer) -> None:
    user = User.objects.create_user("kim", email="kim@home.example")
    done, waits = ended("SUCCESS"), ended("QUEUED", finished_at=None)
    assert [tell_when_ended(run.pk, user) for run in (done, done, waits)] == [True, False, True]
    assert watch_runs()["run_notices"] == 1
    assert watch_runs()["run_notices"] == 0
    assert not RunWish.objects.exclude(run_id=waits.pk).exists()
    signal = Signal.objects.get()
    assert (signal.title, f"/admin/jobs/run/{done.pk}/change/" in signal.body) == ("sync_account: done", True)


@pytest.mark.req("AA-7")
def test_one_who_can_not_be_told_keeps_no_other_waiting(mail_server: MailServer) -> None:
    run = ended("SUCCESS")
    for name in ("ann", "bob", "cem"):
        user = User.objects.create_user(name, email=f"{name}@home.example")
        tell_when_ended(run.pk, user)
        if name == "ann":
            Preference.objects.create(user=user, time_zone="Nowhere/At all")
    counts = watch_runs()
    assert (counts["run_notices"], counts["errors"]) == (2, 1)
    assert [str(wish.user) for wish in RunWish.objects.select_related("user")] == ["ann"]


@pytest.mark.req("AA-7")
def test_wishes_are_looked_up_together(django_assert_max_num_queries: Any) -> None:
    waits = ended("QUEUED", finished_at=None)
    for number in range(50):
        tell_when_ended(waits.pk, User.objects.create_user(f"user{number}"))
    with django_assert_max_num_queries(5):
        assert tell_who_asked(now=timezone.now()) == {}


@pytest.mark.req("AA-7")
@pytest.mark.parametrize(("cause", "wants", "told"), [("admin", True, 1), ("schedule", True, 0), ("cli", False, 0)])
def test_who_wants_it_is_told_of_every_run_they_started_by_hand(cause: Cause, wants: bool, told: int) -> None:
    user = User.objects.create_user("kim")
    Preference.objects.create(user=user, wants_run_notices=wants, language="de")
    ended(owner=user, cause=cause)
    watch_runs()
    assert list(Signal.objects.values_list("title", flat=True)) == ["sync_account: gescheitert"] * told
