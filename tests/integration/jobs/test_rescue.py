"""Rescue against a real database: runs of lost nodes go back, and one locked row holds nobody up."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connection, connections
from psycopg.conninfo import make_conninfo

from jobs.models import Run
from jobs.rescue import Rescuer
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
