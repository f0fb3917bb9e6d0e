"""A fire that cron or a container starts beside a beat that fires it too: it runs once, and who is late is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
import yaml
from django_celery_beat.models import PeriodicTask

from jobs import ledger, operations, publish, registry
from jobs.breaker import WHOLE, Breaker
from jobs.errors import RefusedError
from jobs.models import Run, ScheduleEdit, SchedulePlan
from jobs.policies import Cron
from jobs.scheduling.firing import fire_due
from jobs.scheduling.planner import replan
from project.environment import BASE_DIR
from tests.commands import jobs, refused
from tests.integration.jobs.conftest import all_at_once
from tests.schedules import SHELL, added

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("SW-2", "PL-6")]
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def broker_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is published."""
    monkeypatch.setattr(publish, "_breaker", Breaker())
    publish._breaker.note_failure(WHOLE, at=0.0, pause_seconds=float("inf"))


def due(**settings: Any) -> tuple[PeriodicTask, datetime]:
    """Return a schedule that fires every hour and fired last a minute ago, before any beat saw it; and that fire."""
    fire_at = ledger.now() - MINUTE
    schedule = added(rule="every 1 hours", **settings)
    ScheduleEdit.objects.update(edited_at=fire_at - timedelta(hours=1))
    replan(now=fire_at - timedelta(hours=1))
    return schedule, fire_at


def fired(schedule: PeriodicTask) -> list[tuple[str, datetime | None]]:
    return list(Run.objects.filter(schedule=schedule).order_by("fire_at").values_list("state", "fire_at"))


def test_a_tick_that_a_command_has_run_is_not_fired_by_beat() -> None:
    schedule, fire_at = due()
    assert "SUCCESS" in jobs("run", schedule.name, "--tick")
    assert fired(schedule) == [("SUCCESS", fire_at)]
    fire_due(now=ledger.now())
    assert fired(schedule) == [("SUCCESS", fire_at)]
    assert SchedulePlan.objects.get(pk=schedule.pk).next_fire_at == fire_at + timedelta(hours=1)


def test_a_tick_that_beat_has_fired_is_not_run_by_a_command() -> None:
    schedule, fire_at = due()
    fire_due(now=ledger.now())
    code, words = refused("run", schedule.name, "--tick")
    assert code == 3
    assert re.fullmatch(r"the fire of .+ is run .+ already, queued", words)
    assert fired(schedule) == [("QUEUED", fire_at)]


def test_a_command_and_a_beat_at_the_same_time_run_a_tick_once() -> None:
    schedule, fire_at = due()

    def command() -> int:
        try:
            operations.run_tick_here(schedule, by=SHELL)
        except RefusedError:
            return 0
        return 1

    def beat() -> int:
        return fire_due(now=ledger.now())

    racers: list[Callable[[], int]] = [command, beat, command]
    outcomes = all_at_once(racers)
    rows = fired(schedule)
    assert [at for _, at in rows] == [fire_at]
    won_by_command = outcomes[0] + outcomes[2]
    assert rows[0][0] == ("SUCCESS" if won_by_command else "QUEUED")
    assert won_by_command <= 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (partial(PeriodicTask.objects.update, enabled=False), "is paused"),
        (partial(SchedulePlan.objects.update, grace_seconds=30), "no fire within the last 30 s"),
        (partial(SchedulePlan.objects.update, rule=""), "has not been planned yet"),
    ],
)
def test_a_tick_that_is_not_due_is_refused(change: Callable[[], int], words: str) -> None:
    schedule, _ = due()
    change()
    with pytest.raises(RefusedError, match=re.escape(words)):
        operations.run_tick_here(schedule, by=SHELL)
    assert fired(schedule) == []


def test_a_tick_is_skipped_while_the_run_before_has_not_ended() -> None:
    schedule, fire_at = due(overlap="skip")
    before = fire_at - timedelta(hours=1)
    Run.objects.create(
        job="add", state="RUNNING", schedule=schedule, fire_at=before, created_at=before, run_at=before, queue="base"
    )
    assert refused("run", schedule.name, "--tick") == (3, "add was refused: skipped: the run before has not ended")
    assert fired(schedule) == [("RUNNING", before), ("SKIPPED", fire_at)]


def test_a_tick_takes_no_arguments_of_the_commands_own() -> None:
    schedule, _ = due()
    assert refused("run", schedule.name, "--tick", "-a", "x=2")[0] == 2
    assert fired(schedule) == []


def test_the_example_for_kubernetes_starts_a_declared_schedule_by_its_own_rule() -> None:
    example = yaml.safe_load((BASE_DIR / "deploy/kubernetes/cronjob.yaml").read_text())["spec"]
    (container,) = example["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert container["command"][:4] == ["python", "manage.py", "jobs", "run"]
    name = container["command"][4]
    assert registry.find(name).declaration.schedule == Cron(example["schedule"], example["timeZone"])
    operations.sync_declared()
    assert refused(*container["command"][3:]) == (3, f"{name} has not been planned yet: a beat does that once it runs")
