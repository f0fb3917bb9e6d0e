"""What is past its keeping time goes, in batches; what is not, and what waits for a person, stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django_celery_results.models import TaskResult

from jobs import here, ledger, prune, registry
from jobs.models import AuditEntry, KeptKey, Run, ScheduleChange
from tests.rows import saved_run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("PW-4", "PW-3")]
DAY = timedelta(days=1)


def made(days_ago: float, name: str) -> None:
    """Make one row of each kind, so old."""
    at = ledger.now() - days_ago * DAY
    run = saved_run(state="SUCCESS", finished_at=at, reason=name)
    TaskResult.objects.create(task_id=str(run.pk), status="SUCCESS")
    AuditEntry.objects.create(at=at, actor="anna", face="cli", action="cancel", target=name)
    ScheduleChange.objects.create(name=name, at=at, action="edited", asker="anna", cause="cli")
    KeptKey.objects.create(name=name, value="", expires_at=at, kept_at=at)


def kept() -> dict[str, set[str]]:
    columns: dict[Any, str] = {Run: "reason", AuditEntry: "target", ScheduleChange: "name", KeptKey: "name"}
    return {model.__name__: set(model.objects.values_list(column, flat=True)) for model, column in columns.items()}


@pytest.fixture
def days(settings: LazySettings) -> None:
    keeping = {"run_retention_days": 7, "record_retention_days": 365, "kept_key_days": 30}
    settings.DAYBOOK = {**settings.DAYBOOK, **keeping}


def test_each_kind_of_row_goes_after_its_own_time(days: None) -> None:
    for days_ago in (6, 8, 29, 31, 364, 366):
        made(days_ago, str(days_ago))
    assert prune.prune(now=ledger.now()) == 5 + 1 + 1 + 3
    year = {"6", "8", "29", "31", "364"}
    assert kept() == {"Run": {"6"}, "AuditEntry": year, "ScheduleChange": year, "KeptKey": {"6", "8", "29"}}
    assert TaskResult.objects.count() == 1


def test_the_result_of_a_foreign_run_goes_with_it_whatever_its_id(days: None) -> None:
    saved_run(state="SUCCESS", finished_at=ledger.now() - 400 * DAY, options={"task_id": "their-own"})
    TaskResult.objects.create(task_id="their-own", status="SUCCESS")
    TaskResult.objects.create(task_id="another", status="SUCCESS")
    assert prune.prune(now=ledger.now()) == 1
    assert list(TaskResult.objects.values_list("task_id", flat=True)) == ["another"]


def test_an_open_dead_letter_stays_and_a_resolved_one_goes(days: None) -> None:
    long_ago = ledger.now() - 400 * DAY
    open_letter = saved_run(state="FAILED", finished_at=long_ago)
    saved_run(state="FAILED", finished_at=long_ago, resolved_at=long_ago)
    assert prune.prune(now=ledger.now()) == 1
    assert list(Run.objects.all()) == [open_letter]


def test_one_call_deletes_no_more_than_its_bound_of_each_kind(days: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prune, "BATCH", 2)
    for number in range(5):
        made(400, str(number))
    assert prune.prune(now=ledger.now(), most=2) == 4 * 2
    assert {name: len(rows) for name, rows in kept().items()} == dict.fromkeys(kept(), 3)


def test_the_nightly_clean_up_goes_on_until_nothing_is_left(days: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prune, "BATCH", 1)
    for number in range(6):
        made(400, str(number))
    run = here.run_here(registry.find("clean_up"), {})
    assert TaskResult.objects.get(task_id=str(run.pk)).result == '{"deleted": 24}'
    assert kept() == {"Run": {""}, "AuditEntry": set(), "ScheduleChange": set(), "KeptKey": set()}


def test_the_clean_up_is_scheduled_at_two_by_utc() -> None:
    schedule = registry.find("clean_up").declaration.schedule
    assert schedule is not None and str(schedule.expression) == "0 2 * * *"  # type: ignore[union-attr]
