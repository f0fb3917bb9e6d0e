"""The overview tells from tallies and rows how jobs do, to those who may look, and renews a part of itself."""

from __future__ import annotations

import socket
import time
from datetime import timedelta

import pytest
from celery import current_app
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from kombu import Connection

from jobs import health
from jobs.bars import Bar, chart
from jobs.models import Queue, Worker
from jobs.rollup import count_ends
from jobs.states import State
from tests.plugins.polling import poll
from tests.rows import saved_run, saved_worker

pytestmark = [pytest.mark.django_db, pytest.mark.req("SK-12", "PW-8")]
PAGE = "/admin/jobs/run/overview/"


def test_it_tells_what_ended_and_what_waits(admin_client: Client) -> None:
    now = timezone.now()
    saved_run(job="quick", state=State.SUCCESS, started_at=now - timedelta(seconds=2), finished_at=now, attempt=1)
    error = {"error_kind": "OSError", "error_message": "<b>disk</b> full", "error_fingerprint": "f" * 16}
    saved_run(job="broken", state=State.FAILED, started_at=now, finished_at=now, **error)
    saved_run(job="slow", state=State.RUNNING, started_at=now - timedelta(minutes=3))
    saved_run(queue="ai", state=State.QUEUED)
    Worker.objects.create(
        name="mail@here",
        hostname="here",
        pid=7,
        started_at=now - timedelta(hours=2),
        heartbeat_at=now,
        cpu_cores=1.25,
        memory_bytes=300 * 1024**2,
    )
    while count_ends(now=now):
        pass
    for period in ("1h", "24h", "7d", "nonsense"):
        page = admin_client.get(PAGE, {"period": period})
        overall = page.context["overall"]
        assert (overall.runs, overall.failed, overall.success_rate) == (2, 1, 0.5)
    text = admin_client.get(PAGE).content.decode()
    for said in (
        "50 %",
        "quick",
        "broken",
        "slow",
        "&lt;b&gt;disk",
        'data-refresh="5"',
        "refresh.js",
        "125 %",
        "300.0 MiB",
        "2 h",
    ):
        assert said in text
    part = admin_client.get(PAGE, headers={"X-Part": "1"}).content.decode()
    assert ("<html" in part, "broken" in part) == (False, True)


@pytest.mark.usefixtures("broker")
def test_what_needs_a_person_comes_first_and_leads_to_where_it_is_mended(admin_client: Client) -> None:
    now = timezone.now()
    well = {"started_at": now, "heartbeat_at": now}
    beat = saved_worker(kind=Worker.Kind.BEAT, **well)
    saved_worker(queues=["base"], **well)
    poll(lambda: admin_client.get(PAGE).context["matters"] == [])
    beat.delete()
    saved_run(queue="ai", state=State.QUEUED)
    saved_run(state=State.FAILED, finished_at=now, error_fingerprint="f" * 16)
    saved_run(state=State.FAILED, finished_at=now, error_fingerprint="e" * 16)
    Queue.objects.create(name="email", paused_at=now)
    page = admin_client.get(PAGE)
    assert [(matter.tone, matter.text, matter.page) for matter in page.context["matters"]] == [
        ("bad", "no beat reports: nothing that waits for a time, a retry or a slot will start", "/admin/jobs/worker/"),
        ("bad", "no worker serves: ai", "/admin/jobs/queue/"),
        ("warn", "2 failed runs wait for a person: replay or discard", "/admin/jobs/run/dead-letters/"),
        ("warn", "paused: email (0 waiting)", "/admin/jobs/queue/"),
    ]
    assert all(admin_client.get(matter.page).status_code == 200 for matter in page.context["matters"])
    assert "No worker serves: ai" in page.content.decode()


def test_a_broker_that_hangs_holds_no_page_up_and_is_told(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        options = {"socket_timeout": 1.0}
        hung = Connection(f"redis://127.0.0.1:{silent.getsockname()[1]}/0", transport_options=options)
        monkeypatch.setattr(current_app, "connection_for_write", lambda: hung)
        begun = time.monotonic()
        checks = health.report(["broker", "workers"], lately=True)
        took = time.monotonic() - begun
        pages = [admin_client.get(page) for page in (PAGE, "/metrics")]
    assert took < 1.0
    text = "the broker does not answer: runs wait in the database until it does"
    assert (checks["broker"].problem, text in pages[0].content.decode().lower()) == (text, True)
    assert 'daybook_ready{part="broker"} 0.0' in pages[1].content.decode()


def test_who_may_not_look_sees_nothing(client: Client) -> None:
    client.force_login(User.objects.create_user("plain", is_staff=True))
    assert client.get(PAGE).status_code == 403


def test_it_asks_as_much_for_many_runs_as_for_one(admin_client: Client, django_assert_max_num_queries: object) -> None:
    now = timezone.now()
    for number in range(60):
        saved_run(job=f"job {number % 9}", state=State.FAILED, started_at=now, finished_at=now)
    count_ends(now=now)
    with django_assert_max_num_queries(32):  # type: ignore[operator]
        admin_client.get(PAGE, headers={"X-Part": "1"})


def test_bars_are_as_high_as_their_share_and_one_failure_is_seen() -> None:
    drawn = chart([Bar("now", 1000, 1, 0), Bar("later", 0, 0, 0)], title="Ends & more")
    assert 'height="2.0"' in drawn
    assert 'height="115.9"' in drawn
    assert "now: 1000 succeeded, 1 failed, 0 others" in drawn
    assert "Ends &amp; more" in drawn
