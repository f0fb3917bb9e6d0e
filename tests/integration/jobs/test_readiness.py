"""Readiness names the part that is not well: rows for what processes left, dead ports for what is gone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from jobs import health, ledger
from jobs.models import Queue, Worker
from jobs.states import State
from project.environment import BASE_DIR
from tests.rows import saved_run, saved_worker

pytestmark = [pytest.mark.req("SK-11", "PW-8")]


def bad(checks: dict[str, health.Check]) -> dict[str, str]:
    return {name: check.problem for name, check in checks.items() if not check.ok}


@pytest.mark.django_db
@pytest.mark.usefixtures("broker")
def test_all_is_well_with_a_beat_and_a_worker_and_each_fault_is_named() -> None:
    now = ledger.now()
    beat = saved_worker(kind=Worker.Kind.BEAT, heartbeat_at=now)
    saved_worker(queues=["base"], heartbeat_at=now)
    assert bad(health.report()) == {}
    assert Client().get("/readyz").status_code == 200
    late = saved_run(state=State.RETRYING, run_at=now - timedelta(seconds=50))
    assert list(bad(health.report())) == ["dispatch"]
    late.delete()
    saved_run(queue="ai", state=State.QUEUED)
    assert bad(health.report()) == {"workers": "no worker serves: ai"}
    Queue.objects.create(name="ai", paused_at=now)
    assert bad(health.report()) == {}
    Worker.objects.filter(pk=beat.pk).update(heartbeat_at=now - timedelta(seconds=20))
    response = Client().get("/readyz")
    assert (response.status_code, list(bad(health.report()))) == (503, ["beat"])


@pytest.mark.parametrize("part", ["broker", "database"])
def test_a_part_that_is_gone_is_named_in_time(part: str, free_port: Callable[[], int]) -> None:
    gone: dict[str, Any] = {
        "broker": {"BROKER_URL": f"redis://127.0.0.1:{free_port()}/0", "DATABASE_URL": "sqlite://:memory:"},
        "database": {"DATABASE_URL": f"postgres://nobody@127.0.0.1:{free_port()}/none"},
    }
    script = (
        "import django, json; django.setup(); from jobs import health;"
        "print(json.dumps({name: [c.ok, c.problem] for name, c in health.report().items()}))"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "project.settings", **gone[part]}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=BASE_DIR, env=environment, capture_output=True, timeout=60, check=True
    )
    ok, problem = json.loads(done.stdout.splitlines()[-1])[part]
    assert (ok, part in problem) == (False, True)
