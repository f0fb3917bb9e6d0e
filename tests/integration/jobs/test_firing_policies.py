"""What a fire becomes by the schedule's policies: overlap, jitter, end, misfire; and what a guard leaves of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from jobs import Concurrency, Unique, drafting, job, ledger, publish
from jobs.breaker import WHOLE, Breaker
from jobs.models import Run, ScheduleEdit, SchedulePlan
from jobs.policies import every
from jobs.scheduling.declared import sync_declared
from jobs.scheduling.firing import fire_due
from jobs.scheduling.jitter import share_of
from jobs.scheduling.planner import replan
from project.celery import app

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
START = ledger.now().replace(second=0, microsecond=0)


@pytest.fixture(autouse=True)
def broker_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is published."""
    monkeypatch.setattr(publish, "_breaker", Breaker())
    publish._breaker.note_failure(WHOLE, at=0.0, pause_seconds=float("inf"))


def minutely(task: str = "add", **policies: Any) -> PeriodicTask:
    interval, _ = IntervalSchedule.objects.get_or_create(every=60, period="seconds")
    made = PeriodicTask.objects.create(name="minutely", task=task, kwargs='{"x": 1}', interval=interval)
    ScheduleEdit.objects.update(edited_at=START)
    replan(now=START)
    SchedulePlan.objects.update(**policies)
    return made


def fire(minute: int) -> Run:
    fire_due(now=START + minute * MINUTE)
    return Run.objects.get(fire_at=START + minute * MINUTE)


def begin(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(state="RUNNING")


@pytest.mark.req("SK-8")
def test_thousands_of_due_fires_run_each_a_thousand_at_a_time() -> None:
    minutely(misfire="each", grace_seconds=7 * 86_400)
    now = START + 2100 * MINUTE
    plan = SchedulePlan.objects.get()
    due = []
    for _ in range(3):
        fire_due(now=now)
        plan.refresh_from_db()
        due.append((Run.objects.count(), plan.next_fire_at - START))  # type: ignore[operator]
    assert due == [(1000, 1001 * MINUTE), (2000, 2001 * MINUTE), (2100, 2101 * MINUTE)]
    assert not Run.objects.filter(state="MISSED").exists()


@pytest.mark.req("SK-7")
def test_a_fire_is_skipped_while_the_run_before_has_not_ended() -> None:
    minutely(overlap="skip")
    first, second = fire(1), fire(2)
    assert (first.state, second.state, second.reason) == (
        "QUEUED",
        "SKIPPED",
        "skipped: the run before has not ended",
    )
    Run.objects.filter(pk=first.pk).update(state="SUCCESS")
    assert fire(3).state == "QUEUED"


@pytest.mark.req("SK-7")
def test_one_run_waits_for_the_one_before_by_a_key_of_their_own() -> None:
    schedule = minutely(overlap="queue_one")
    begin(fire(1))
    second, third = fire(2), fire(3)
    assert (second.state, second.concurrency_key, second.concurrency_limit) == ("QUEUED", f"schedule:{schedule.pk}", 1)
    assert (third.state, third.reason) == ("SKIPPED", "skipped: one run of this schedule waits already")


@pytest.mark.req("SK-7")
def test_the_running_one_is_asked_to_stop_and_the_waiting_one_cancelled() -> None:
    minutely(overlap="cancel_running")
    first = fire(1)
    second = fire(2)
    first.refresh_from_db()
    assert (first.state, second.state) == ("CANCELLED", "QUEUED")
    begin(second)
    third = fire(3)
    second.refresh_from_db()
    assert second.cancel_requested_at is not None
    assert (third.state, third.concurrency_key) == ("QUEUED", second.concurrency_key)


def test_a_run_starts_at_its_own_share_of_the_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafting, "timezone", SimpleNamespace(now=lambda: START))
    schedule = minutely(jitter_seconds=3600)
    run = fire(1)
    share = share_of(schedule.pk, START + MINUTE, most_seconds=3600)
    assert (run.state, run.run_at, run.fire_at) == ("SCHEDULED", START + MINUTE + share, START + MINUTE)


def test_nothing_fires_after_the_end() -> None:
    minutely()
    SchedulePlan.objects.update(end_at=START + 2 * MINUTE)
    replan(now=START)
    fire_due(now=START + 4 * MINUTE)
    assert SchedulePlan.objects.get().next_fire_at is None
    assert sorted(Run.objects.values_list("state", "fire_at")) == [
        ("MISSED", START + MINUTE),
        ("QUEUED", START + 2 * MINUTE),
    ]


@pytest.mark.req("SK-6")
def test_each_late_fire_runs_where_the_policy_says_so() -> None:
    minutely(misfire="each", grace_seconds=150)
    fire_due(now=START + 5 * MINUTE)
    found = list(Run.objects.order_by("fire_at").values_list("state", "fire_at"))
    assert found == [("MISSED", START + MINUTE), *(("QUEUED", START + n * MINUTE) for n in (3, 4, 5))]
    assert Run.objects.get(state="MISSED").reason.startswith("2 fires missed, ")
    assert PeriodicTask.objects.get().total_run_count == 3


@pytest.fixture
def guarded() -> Iterator[None]:
    """Jobs with guards of their own."""

    @job(unique=Unique())
    def fires_uniquely(*, x: int) -> None: ...

    @job(concurrency=Concurrency(3, key="{x}"))
    def fires_by_three(*, x: int) -> None: ...

    assert app.tasks["fires_uniquely"] and app.tasks["fires_by_three"]
    yield
    for name in ("fires_uniquely", "fires_by_three"):
        app.tasks.pop(name, None)


def test_a_fire_that_a_unique_key_refuses_is_recorded_as_skipped(guarded: None) -> None:
    minutely("fires_uniquely")
    assert (fire(1).state, fire(2).state) == ("QUEUED", "SKIPPED")
    assert Run.objects.get(state="SKIPPED").reason == "skipped: an unfinished run has its unique key"


def test_runs_that_take_turns_keep_the_jobs_own_key(guarded: None) -> None:
    minutely("fires_by_three", overlap="queue_one")
    run = fire(1)
    assert (run.concurrency_key, run.concurrency_limit) == ("fires_by_three:1", 1)


@pytest.fixture
def declared() -> Iterator[dict[str, float]]:
    """A job whose period the environment sets."""
    period = {"seconds": 1.5}

    def declare() -> None:
        app.tasks.pop("declared_period", None)

        @job(schedule=every(**period), misfire="skip", overlap="queue_one", jitter_seconds=7)
        def declared_period() -> None: ...

        assert app.tasks["declared_period"]

    declare()
    period["declare"] = declare  # type: ignore[assignment]
    yield period
    app.tasks.pop("declared_period", None)


@pytest.mark.req("PW-3")
def test_a_changed_declaration_is_followed_until_an_operator_chooses_another_rule(declared: dict[str, Any]) -> None:
    declare = declared.pop("declare")

    def synced(seconds: float) -> str:
        declared["seconds"] = seconds
        declare()
        sync_declared(disable_gone=False)
        found = PeriodicTask.objects.select_related("interval").get(name="declared_period").interval
        return f"{found.every} {found.period}"

    assert [synced(seconds) for seconds in (1.5, 600, 90)] == ["1500000 microseconds", "10 minutes", "90 seconds"]
    plan = SchedulePlan.objects.get(schedule__name="declared_period")
    assert (plan.misfire, plan.overlap, plan.jitter_seconds) == ("skip", "queue_one", 7)
    chosen = IntervalSchedule.objects.create(every=3, period="hours")
    PeriodicTask.objects.filter(name="declared_period").update(interval=chosen)
    assert synced(120) == "3 hours"
