"""Prometheus can scrape what the rows say; the dashboard and the alerts ask only for what there is."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
import yaml
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families

from ingestion.models import LLMCall
from jobs import ledger, metrics
from jobs.models import HourTally, Queue, Worker
from jobs.rollup import count_ends
from jobs.states import State
from tests.integration.jobs.api.conftest import Caller
from tests.pages import ROOT
from tests.rows import saved_run

pytestmark = [pytest.mark.django_db, pytest.mark.req("SK-12", "AA-7"), pytest.mark.usefixtures("broker")]


def samples() -> dict[tuple[str, ...], float]:
    text = metrics.exposition().decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_hours_are_read_once_a_scrape_and_added_up_by_job_and_queue() -> None:
    now = ledger.now()
    for hours in (0, 3):
        HourTally.objects.create(
            start=now - timedelta(hours=hours),
            job="add",
            queue="base",
            last_finished_at=now,
            succeeded=2,
            seconds=3.0,
            durations={"0": 2},
            waits={"0": 1},
        )
    with CaptureQueriesContext(connection) as captured:
        told = samples()
    assert sum("hourtally" in query["sql"] for query in captured) == 1
    assert told["daybook_runs_total", "add", "base", "succeeded"] == 4
    assert told["daybook_run_duration_seconds_sum", "add", "base"] == 6.0
    assert told["daybook_run_duration_seconds_count", "add", "base"] == 4
    assert told["daybook_run_wait_seconds_count", "add", "base"] == 2


def test_metrics_say_what_the_rows_say() -> None:
    now = ledger.now()
    for seconds in (0.1, 0.1, 5.0):
        times = {
            "started_at": now - timedelta(seconds=seconds),
            "finished_at": now,
            "run_at": now - timedelta(seconds=9),
        }
        saved_run(job="add", state=State.SUCCESS, **times)
    saved_run(job="add", state=State.FAILED, started_at=now, finished_at=now, attempt=3)
    saved_run(queue="ai", state=State.QUEUED, run_at=now - timedelta(seconds=30))
    saved_run(state=State.RETRYING, run_at=now - timedelta(seconds=20))
    Queue.objects.create(name="email", paused_at=now)
    while count_ends(now=now):
        pass
    told = samples()
    assert told["daybook_runs_total", "add", "base", "succeeded"] == 3
    assert told["daybook_runs_total", "add", "base", "failed"] == 1
    assert told["daybook_retries_total", "add", "base"] == 2
    assert told["daybook_run_duration_seconds_bucket", "add", "0.256", "base"] == 3
    assert told["daybook_run_duration_seconds_bucket", "add", "+Inf", "base"] == 4
    assert told["daybook_run_duration_seconds_sum", "add", "base"] == pytest.approx(5.2)
    assert told["daybook_queue_waiting", "ai"] == 1
    assert told["daybook_queue_oldest_wait_seconds", "ai"] >= 30
    assert told["daybook_queue_paused", "email"] == 1
    assert told["daybook_dead_letters",] == 1
    assert told["daybook_dispatch_lag_seconds",] >= 20
    assert (told["daybook_ready", "database"], told["daybook_ready", "beat"]) == (1, 0)


@pytest.mark.req("PW-8")
def test_metrics_say_what_each_process_uses_and_since_when() -> None:
    now = ledger.now()
    for number, lost_at in ((1, None), (2, None), (3, now)):
        Worker.objects.create(
            name="w@here",
            hostname="here",
            pid=7,
            started_at=now - timedelta(hours=3 - number),
            heartbeat_at=now,
            lost_at=lost_at,
            cpu_cores=0.5 * number,
            memory_bytes=1000 * number,
            rescued_runs=number,
        )
    Worker.objects.create(name="b@here", kind="beat", hostname="here", pid=8, started_at=now, heartbeat_at=now)
    told = samples()
    assert told["daybook_node_cpu_cores", "worker", "w@here", "7"] == 1.0
    assert told["daybook_runs_rescued",] == 6
    assert told["daybook_node_memory_bytes", "worker", "w@here", "7"] == 2000
    started = (now - timedelta(hours=1)).timestamp()
    assert told["daybook_node_start_time_seconds", "worker", "w@here", "7"] == pytest.approx(started)
    assert ("daybook_node_memory_bytes", "beat", "b@here", "8") not in told


def test_only_staff_read_metrics(nobody: Caller, owner: Caller, viewer: Caller) -> None:
    def status(who: Caller) -> Any:
        headers = {"Authorization": f"Bearer {who.secret}"} if who.secret else {}
        return Client().get("/metrics", headers=headers).status_code

    assert (status(nobody), status(owner), status(viewer)) == (401, 403, 200)


def test_dashboard_and_alerts_name_only_metrics_there_are() -> None:
    now = ledger.now()
    saved_run(job="add", state=State.SUCCESS, started_at=now, finished_at=now)
    count_ends(now=now)
    uses = {"cpu_cores": 0.1, "memory_bytes": 1, "queues": ["base"]}
    Worker.objects.create(name="w", hostname="h", pid=7, started_at=now, heartbeat_at=now, **uses)
    LLMCall.objects.create(model="rules", purpose="classify_mail")
    there = {name for name, *_ in samples()}
    board = json.loads((ROOT / "deploy/grafana-dashboard.json").read_text())
    rules = yaml.safe_load((ROOT / "deploy/alerts.yml").read_text())["groups"][0]["rules"]
    asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]] + [r["expr"] for r in rules]
    named = {name for expression in asked for name in re.findall(r"daybook_\w+", expression)}
    assert named
    assert named - there == set()
