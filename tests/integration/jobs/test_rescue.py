"""Rescue against a real database: runs of lost nodes go back, and one locked row holds nobody up."""

from __future__ import annotations

import subprocess
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection, connections
from django_celery_results.models import TaskResult
from psycopg.conninfo import make_conninfo

from jobs import machine
from jobs.machine import Process
from jobs.models import Run, Worker
from jobs.rescue import Rescuer
from tests.plugins.polling import poll
from tests.rows import NOON, saved_run, saved_worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("PL-5")]


def orphan() -> Run:
    worker = saved_worker(lost_at=NOON)
    return saved_run(job="noted", state="RUNNING", worker=worker, attempt=1, token=1, started_at=NOON, max_attempts=3)


def test_a_lost_nodes_run_goes_back_once() -> None:
    run = orphan()
    assert [Rescuer().rescue(now=NOON) for _ in range(2)] == [1, 0]
    run.refresh_from_db()
    assert (run.state, [entry["kind"] for entry in run.attempts]) == ("RETRYING", ["LOST"])
    assert Worker.objects.get(pk=run.attempts[0]["worker"]).rescued_runs == 1


@pytest.mark.req("SW-22")
def test_a_run_that_was_asked_to_stop_does_not_begin_again_when_its_node_is_lost() -> None:
    run = orphan()
    Run.objects.update(cancel_requested_at=NOON)
    assert Rescuer().rescue(now=NOON) == 1
    run.refresh_from_db()
    assert (run.state, run.attempt) == ("CANCELLED", 1)
    assert run.reason == "asked to stop; worker worker@here stopped reporting"
    assert TaskResult.objects.get(task_id=str(run.pk)).status == "REVOKED"


def running_on(process: subprocess.Popen[bytes], **columns: Any) -> Run:
    worker = saved_worker(pid=process.pid, process_birth=Process.of(process.pid).birth, heartbeats=7, **columns)
    return saved_run(job="noted", state="RUNNING", worker=worker, attempt=1, token=1, started_at=NOON, max_attempts=3)


def test_a_process_of_this_machine_that_is_gone_is_lost_without_waiting_for_its_lease() -> None:
    with subprocess.Popen(["sleep", "60"]) as here, subprocess.Popen(["sleep", "60"]) as alive:
        runs = [running_on(here, machine_name=machine.name()), running_on(alive, machine_name=machine.name())]
        rescuer = Rescuer()
        assert rescuer.rescue(now=NOON) == 0
        here.kill()
        here.wait()
        assert [rescuer.rescue(now=NOON) for _ in range(3)] == [0, 1, 0]
        assert [Run.objects.get(pk=run.pk).state for run in runs] == ["RETRYING", "RUNNING"]
        alive.kill()


def test_a_pid_of_another_machine_says_nothing() -> None:
    with subprocess.Popen(["true"]) as gone:
        run = running_on(gone, machine_name="another")
        gone.wait()
    rescuer = Rescuer()
    assert [rescuer.rescue(now=NOON) for _ in range(4)] == [0] * 4
    assert Run.objects.get(pk=run.pk).state == "RUNNING"


def test_silence_does_not_count_while_the_rescuer_can_not_report_itself(settings: Any) -> None:
    settings.DAYBOOK = {**settings.DAYBOOK, "lease_seconds": 0.0}
    worker = saved_worker(heartbeats=7)
    away = True

    def report(*, now: Any) -> None:
        if away:
            raise OperationalError("database is locked")

    rescuer = Rescuer(report=report)
    for _ in range(3):
        with pytest.raises(OperationalError):
            rescuer.rescue(now=NOON)
    assert Worker.objects.get(pk=worker.pk).lost_at is None
    away = False
    rescuer.rescue(now=NOON)
    assert Worker.objects.get(pk=worker.pk).lost_at == NOON


def test_a_lost_nodes_sessions_are_cut_and_with_them_the_locks_it_holds() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no sessions: a lock ends with the process that holds it")
    run = orphan()
    assert run.worker
    with psycopg.connect(_address(), application_name=run.worker.session_name) as frozen:
        frozen.execute("SELECT 1 FROM jobs_run WHERE id = %s FOR UPDATE", [run.pk])
        rescuer = Rescuer()
        assert rescuer.rescue(now=NOON) == 0
        poll(lambda: rescuer.rescue(now=NOON) == 1, within=10)
        with pytest.raises(psycopg.OperationalError):
            frozen.execute("SELECT 1")


def test_a_run_that_a_frozen_node_keeps_locked_holds_up_no_other() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite locks the whole file: nothing is written until its holder goes on or ends")
    locked, free = orphan(), orphan()
    with psycopg.connect(_address()) as frozen:
        frozen.execute("SELECT 1 FROM jobs_run WHERE id = %s FOR UPDATE", [locked.pk])
        with connections["default"].cursor() as cursor:
            cursor.execute("SET lock_timeout = '5s'")
        assert Rescuer().rescue(now=NOON) == 1
        assert Run.objects.get(pk=free.pk).state == "RETRYING"
        assert Run.objects.get(pk=locked.pk).state == "RUNNING"
    assert Rescuer().rescue(now=NOON) == 1


def _address() -> str:
    settings = connection.settings_dict
    names = {"dbname": "NAME", "host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    return make_conninfo("", **{ours: settings[theirs] for ours, theirs in names.items() if settings[theirs]})
