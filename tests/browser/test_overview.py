"""The overview in a browser: it renews itself, fits a phone and the dark, and a failed run is two clicks away."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from jobs import ledger
from jobs.models import Run, Worker
from jobs.rollup import count_ends
from jobs.states import State
from tests import tasks_for_tests
from tests.rows import saved_run, saved_worker

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.req("SK-12", "PW-8"),
    pytest.mark.usefixtures("broker"),
]
assert tasks_for_tests
OVERVIEW = "/admin/jobs/run/overview/"


@pytest.fixture
def operator(page: Page, admin_user: User, client: object) -> Page:
    """A page on which an administrator has logged in."""
    page.goto("/admin/")
    page.fill("input[name=username]", "admin")
    page.fill("input[name=password]", "password")
    page.click("button[type=submit]")
    page.wait_for_url(f"**{OVERVIEW}")
    return page


def _busy_hour() -> Run:
    now = timezone.now()
    for minute in range(55):
        for number in range(minute % 7 + 1):
            took = timedelta(seconds=0.2 * (number + 1))
            at = now - timedelta(minutes=minute + 1)
            state = State.FAILED if minute % 11 == 3 and number == 0 else State.SUCCESS
            error = {"error_kind": "OSError", "error_message": "mail server away", "error_fingerprint": "a" * 16}
            saved_run(
                job="ingest_emails" if number % 2 else "classify_emails",
                state=state,
                created_at=at - took,
                run_at=at - took,
                started_at=at - took,
                finished_at=at,
                attempt=1,
                **(error if state is State.FAILED else {}),
            )
    saved_worker(name="mail@host", queues=["email", "ai"], started_at=now, heartbeat_at=now)
    saved_worker(name="beat@host", kind=Worker.Kind.BEAT, started_at=now, heartbeat_at=now)
    saved_run(job="sync_account", state=State.RUNNING, started_at=now - timedelta(seconds=40))
    while count_ends(now=now):
        pass
    return saved_run(job="add", kwargs={"x": 1}, state=State.RUNNING, started_at=now, created_at=now)


def _picture(page: Page, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_it_renews_itself_and_leads_to_the_failed_run(operator: Page) -> None:
    run = _busy_hour()
    operator.goto(OVERVIEW)
    expect(operator.locator(".daybook-chart rect").first).to_be_visible()
    _picture(operator, "overview-desktop")
    expect(operator.locator("section:has(#failed)")).not_to_contain_text("ValueError")
    ended = {"state": State.FAILED, "finished_at": ledger.now(), "error_kind": "ValueError", "error_message": "x"}
    Run.objects.filter(pk=run.pk).update(**ended)
    expect(operator.locator("section:has(#failed)")).to_contain_text("ValueError")
    operator.locator("section:has(#failed) tr", has_text="ValueError").get_by_role("link", name="add").click()
    operator.get_by_role("link", name="Retry with other arguments").click()
    operator.fill("textarea", '{"x": 2}')
    operator.get_by_role("button", name="Retry").click()
    expect(operator.locator("body")).to_contain_text("Enqueued again with these arguments.")
    run.refresh_from_db()
    assert (run.state, run.kwargs) == (State.QUEUED, {"x": 2})


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone(operator: Page, scheme: str) -> None:
    _busy_hour()
    operator.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    operator.set_viewport_size({"width": 390, "height": 844})
    operator.goto(OVERVIEW)
    expect(operator.locator(".daybook-chart")).to_be_visible()
    _picture(operator, f"overview-phone-{scheme}")
    assert operator.evaluate("document.documentElement.scrollWidth") <= 390
