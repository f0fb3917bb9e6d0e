"""`doctor`, `health` and `check-inflight` exit 1 when something is wrong, and say what and how to mend it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.core.checks import Warning as Complaint
from django.core.checks import register
from django.core.checks.registry import registry
from django.db import connection
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from jobs import inflight
from jobs.keyset import BadCursorError
from jobs.models import Run, Worker
from jobs.states import State
from tests import tasks_for_tests
from tests.commands import failed, jobs, jobs_json
from tests.pages import ROOT
from tests.rows import NOON, saved_run, saved_worker

pytestmark = pytest.mark.django_db
assert tasks_for_tests
QUEUES = ["base", "email", "ai", "notifications", "maintenance"]
PARTS = [
    "database",
    "broker",
    "beat",
    "dispatch",
    "workers",
    "schedules",
    "migrations",
    "queues",
    "sessions",
    "clocks",
    "in flight",
    "settings",
    "archives",
]


def test_the_doctor_works_where_the_system_checks_refuse_to_start() -> None:
    environment = {**os.environ, "SECRET_KEY": "short", "DJANGO_SETTINGS_MODULE": "project.settings"}
    command = [sys.executable, "manage.py", "jobs", "doctor", "--json"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    found = {finding["part"]: finding for finding in json.loads(done.stdout)}
    assert (done.returncode, list(found)) == (1, PARTS)
    assert "daybook.E001" in found["settings"]["found"]


@pytest.fixture
def staffed() -> None:
    saved_worker(queues=QUEUES, heartbeat_at=timezone.now())
    saved_worker(name="beat@here", kind=Worker.Kind.BEAT, heartbeat_at=timezone.now())


def _examined() -> dict[str, dict[str, Any]]:
    """Return the doctor's findings that don't depend on a broker."""
    _, _, printed = failed("doctor", "--json")
    return {finding["part"]: finding for finding in json.loads(printed) if finding["part"] != "broker"}


@pytest.mark.broker
def test_the_doctor_finds_nothing_where_all_is_well(staffed: None, broker: str) -> None:
    findings = jobs_json("doctor")
    assert [finding["part"] for finding in findings] == PARTS
    assert [finding for finding in findings if not finding["ok"] or finding["remedy"]] == []


def test_the_doctor_names_what_is_missing_and_how_to_mend_it() -> None:
    status, said, printed = failed("doctor")
    assert status == 1
    assert said.startswith(("3 of 13 need mending: beat, workers, queues", "4 of 13 need mending: broker, beat"))
    assert "start one: celery -A project beat" in printed
    assert f"celery -A project worker -Q {','.join(QUEUES)}" in printed


def test_the_doctor_starts_what_the_project_calls_its_own(settings: Any) -> None:
    settings.DAYBOOK = {**settings.DAYBOOK, "celery_app": "shop"}
    found = _examined()
    assert found["beat"]["remedy"] == "start one: celery -A shop beat"
    assert found["workers"]["remedy"] == "start one: celery -A shop worker"
    assert found["queues"]["remedy"].startswith("celery -A shop worker -Q ")


def test_the_doctor_sees_a_queue_that_nobody_serves_unless_it_is_paused(staffed: None) -> None:
    Worker.objects.filter(kind=Worker.Kind.WORKER).update(queues=QUEUES[:-1])
    assert _examined()["queues"] == {
        "part": "queues",
        "ok": False,
        "found": "no worker serves maintenance",
        "remedy": "celery -A project worker -Q maintenance",
    }
    jobs("queue", "pause", "maintenance")
    # Something else that is wrong, so that there is a report to read.
    saved_run(job="gone")
    assert _examined()["queues"]["found"] == "4 served; paused: maintenance"


def test_the_doctor_sees_a_worker_whose_clock_is_ahead(staffed: None) -> None:
    Worker.objects.filter(kind=Worker.Kind.WORKER).update(heartbeat_at=timezone.now() + timedelta(seconds=60))
    clocks = _examined()["clocks"]
    assert (clocks["ok"], clocks["remedy"]) == (False, "let every machine keep its time by NTP")
    assert clocks["found"].startswith("worker@here is +")


def test_the_doctor_sees_a_migration_that_was_not_applied(staffed: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'notifications'")
    migrations = _examined()["migrations"]
    assert (migrations["ok"], migrations["remedy"]) == (False, "manage.py migrate")
    assert "notifications.0001_initial" in migrations["found"]


def test_the_doctor_passes_on_what_the_system_checks_complain_of(staffed: None) -> None:
    def complain(**_: Any) -> list[Complaint]:
        return [Complaint("an open door", id="test.W001")]

    register(complain)
    try:
        settings = _examined()["settings"]
    finally:
        registry.registered_checks.discard(complain)
    assert (settings["ok"], settings["found"]) == (False, "test.W001: an open door")


@pytest.mark.broker
@pytest.mark.req("SK-11")
def test_health_tells_of_everything_and_counts_the_schedules(staffed: None, broker: str) -> None:
    interval = IntervalSchedule.objects.create(every=5, period="minutes")
    for name, enabled in (("one", True), ("two", True), ("off", False)):
        PeriodicTask.objects.create(name=name, task="add", kwargs='{"x": 2}', interval=interval, enabled=enabled)
    report = jobs_json("health")
    assert (report["ready"], list(report["checks"])) == (True, PARTS[:6])
    assert report["checks"]["schedules"]["figures"]["enabled"] == 2


def test_health_answers_a_probe_for_the_beat(staffed: None) -> None:
    checks = jobs_json("health", "--beat")["checks"]
    assert (list(checks), checks["beat"]["figures"]["beats"]) == (["beat"], 1)
    Worker.objects.filter(kind=Worker.Kind.BEAT).update(stopped_at=NOON)
    status, said, printed = failed("health", "--beat")
    assert (status, said) == (1, printed.strip())
    assert said.startswith("beat: no beat reports")


def test_check_inflight_is_content_with_what_would_run() -> None:
    saved_run(job="add", kwargs={"x": 1})
    saved_run(job="gone", state=State.SUCCESS)
    assert jobs("check-inflight") == "everything that waits would run under this code\n"
    assert jobs_json("check-inflight") == []


def test_check_inflight_looks_at_all_batch_by_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inflight, "BATCH", 2)
    runs = [saved_run(job=f"gone {number}") for number in range(5)]
    interval = IntervalSchedule.objects.create(every=5, period="minutes")
    names = [f"schedule {number}" for number in range(4)]
    PeriodicTask.objects.bulk_create(PeriodicTask(name=name, task="gone", interval=interval) for name in names)
    first = inflight.check_some()
    assert [misfit.job for misfit in first.misfits] == ["gone 4", "gone 3"]
    assert [misfit.job for misfit in inflight.check_some(first.next).misfits] == ["gone 2", "gone 1"]
    assert len(list(inflight.check_inflight())) == len(runs) + len(names)


@pytest.mark.parametrize("cursor", ["x", "s", "s-1", "o1-2"])
def test_check_inflight_refuses_a_cursor_that_is_none(cursor: str) -> None:
    with pytest.raises(BadCursorError, match="not a cursor"):
        inflight.check_some(cursor)


@pytest.mark.req("PL-5")
def test_check_inflight_fails_the_deploy_and_names_what_would_not_run() -> None:
    renamed, misfit = saved_run(job="gone"), saved_run(job="add", kwargs={"z": 1}, state=State.RETRYING)
    interval = IntervalSchedule.objects.create(every=5, period="minutes")
    PeriodicTask.objects.create(name="five", task="add", kwargs='{"x": 2}', interval=interval, queue="nowhere")
    PeriodicTask.objects.create(name="off", task="gone", interval=interval, enabled=False)
    before = list(Run.objects.order_by("pk").values())
    status, said, printed = failed("check-inflight", "--json")
    assert (status, said) == (1, "3 would not run under this code")
    assert [(item["what"], item["job"]) for item in json.loads(printed)] == [
        (f"run {misfit.pk}", "add"),
        (f"run {renamed.pk}", "gone"),
        ("schedule five", "add"),
    ]
    assert "no job of that name" in failed("check-inflight")[2]
    assert list(Run.objects.order_by("pk").values()) == before
