"""In a browser: a person logs in, finds the runs of a job, opens one and reads its life."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from ingestion.models import Mail
from ingestion.operations import register_account
from ingestion.samples.mailbox import write_sample_mailbox
from jobs import operations
from jobs.models import Run
from jobs.models.run import Cause
from jobs.states import State
from tests import tasks_for_tests
from tests.rows import saved_run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.embedded, pytest.mark.timeout(180)]
assert tasks_for_tests


def _menu(page: Page, title: str) -> Locator:
    # The icon's name precedes the title in the link's accessible name.
    return page.get_by_role("link", name=re.compile(rf"^\w+ {title}$"))


@pytest.fixture(autouse=True)
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTES", str(tmp_path / "notes"))


@pytest.fixture
def admin(admin_user: User) -> User:
    admin_user.set_password("a long password")
    admin_user.save()
    return admin_user


@pytest.fixture
def logged_in(page: Page, admin: User) -> Page:
    page.goto("/admin/")
    page.get_by_label("Username").fill(admin.username)
    page.get_by_label("Password").fill("a long password")
    page.get_by_role("button", name="Log in").click()
    expect(_menu(page, "Dead letters")).to_be_visible()
    return page


@pytest.fixture
def main_run(admin: User, tmp_path: Path) -> Run:
    """Run the main job on the sample mailbox."""
    mailbox = tmp_path / "sample.mbox"
    write_sample_mailbox(mailbox, now=timezone.now())
    register_account(admin, mbox=mailbox)
    return operations.run_here("ingest_emails", {"full": True}, owner=admin, cause=Cause.CLI)


@pytest.mark.req("PL-3", "SW-3")
def test_the_runs_of_the_main_job_are_found_and_one_tells_its_life(logged_in: Page, admin: User, main_run: Run) -> None:
    run, child = main_run, main_run.children.get()
    saved_run(job="plain")
    _menu(logged_in, "Runs").click()
    logged_in.get_by_placeholder("Job, run id").fill("ingest_emails")
    logged_in.keyboard.press("Enter")
    row = logged_in.locator("#result_list tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Success")
    row.get_by_role("link", name=re.compile("ingest_emails")).click()
    expect(logged_in).to_have_url(re.compile(f"/admin/jobs/run/{run.pk}/change/"))
    moments = logged_in.locator(".daybook-timeline li")
    expect(moments.locator("b")).to_have_text(["Enqueued by command line", "Attempt 1 succeeded", "Finished"])
    expect(moments.first).to_contain_text(f"for {admin.username}")
    expect(logged_in.locator("[data-correlation]")).to_have_text(run.correlation_id)
    expect(logged_in.get_by_role("region", name="Arguments")).to_contain_text('"full": true')
    expect(logged_in.get_by_role("region", name="Result")).to_contain_text(f'"stored": {Mail.objects.count()}')
    logged_in.get_by_role("region", name="Children").get_by_role("link", name="sync_account").click()
    expect(logged_in).to_have_url(re.compile(f"/admin/jobs/run/{child.pk}/change/"))
    expect(logged_in.get_by_role("region", name="Facts")).to_contain_text(run.correlation_id)
    logged_in.locator("[data-correlation]").click()
    expect(logged_in.locator("#result_list tbody tr")).to_have_count(2)


@pytest.mark.req("PL-3", "AQ-3")
def test_a_dead_letter_says_why_it_failed(logged_in: Page) -> None:
    run = operations.run_here("fails_permanently", {}, cause=Cause.CLI)
    _menu(logged_in, "Dead letters").click()
    logged_in.get_by_role("region", name=re.compile("^fails_permanently")).get_by_role("link").click()
    logged_in.locator("#result_list").get_by_role("link", name=re.compile("fails_permanently")).click()
    expect(logged_in.locator(".daybook-alert")).to_contain_text("never")
    expect(logged_in.locator(".daybook-timeline b")).to_have_text(
        ["Enqueued by command line", "Attempt 1 failed", "Failed: a dead letter until replayed or discarded"]
    )
    expect(logged_in.get_by_role("region", name="Traceback", exact=True)).to_contain_text("PermanentError: never")
    assert Run.objects.get(pk=run.pk).state == State.FAILED


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_pages_fit_the_window_in_light_and_dark(logged_in: Page, width: int, scheme: str) -> None:
    run = operations.run_here("fails_permanently", {}, cause=Cause.CLI)
    logged_in.set_viewport_size({"width": width, "height": 844})
    logged_in.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for path in ("/admin/jobs/run/", f"/admin/jobs/run/{run.pk}/change/", "/admin/jobs/queue/", "/admin/jobs/worker/"):
        logged_in.goto(path)
        expect(logged_in.locator("html")).to_have_class(
            re.compile("dark") if scheme == "dark" else re.compile("^(?!.*dark)")
        )
        page = logged_in.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert page[0] <= page[1], f"{path} is {page[0]} wide in a window of {page[1]}"


def test_a_queue_is_paused_with_the_keyboard_alone(logged_in: Page) -> None:
    _menu(logged_in, "Queues").click()
    email = logged_in.get_by_role("row", name=re.compile("^email"))
    email.get_by_role("button", name="Pause").focus()
    logged_in.keyboard.press("Enter")
    expect(logged_in.get_by_role("row", name=re.compile("^email"))).to_contain_text("Paused")
    expect(logged_in.get_by_text("email is paused.")).to_be_visible()
