"""In a browser: a schedule is made with its preview, paused, run now, its run seen, and an edit taken back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django_celery_beat.models import PeriodicTask
from playwright.sync_api import Page, expect

from jobs import operations, queries
from jobs.models import Run
from jobs.models.run import Cause
from tests import tasks_for_tests
from tests.schedules import added

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.embedded, pytest.mark.timeout(180)]
assert tasks_for_tests
SCHEDULES = "/admin/django_celery_beat/periodictask/"


@pytest.fixture(autouse=True)
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTES", str(tmp_path / "notes"))


@pytest.fixture
def boss(admin_user: User) -> User:
    admin_user.set_password("a long password")
    admin_user.save()
    return admin_user


@pytest.fixture
def logged_in(page: Page, boss: User) -> Page:
    page.goto("/admin/")
    page.get_by_label("Username").fill(boss.username)
    page.get_by_label("Password").fill("a long password")
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(re.compile("/admin/jobs/run/overview/$"))
    return page


@pytest.mark.req("PL-2", "SK-12")
def test_a_schedule_is_made_with_its_preview_paused_and_run_now(logged_in: Page, boss: User) -> None:
    page = logged_in
    page.goto(f"{SCHEDULES}add/")
    page.get_by_label("Name", exact=False).first.fill("nightly sum")
    page.get_by_label("Job").select_option("add")
    page.get_by_label("Rule", exact=True).fill("0 0 31 2 *")
    fires = page.locator("[data-preview-url]")
    expect(fires.get_by_role("alert")).to_be_visible()
    page.get_by_label("Rule", exact=True).fill("30 2 28-31 3 *")
    page.get_by_label("Time zone").fill("Europe/Berlin")
    expect(fires.get_by_role("listitem")).to_have_count(10)
    expect(fires).to_contain_text("clocks go forward 1 h")
    page.get_by_label("By name").fill('{"z": 1}')
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("x is missing; z is not an argument of this job")).to_be_visible()
    page.get_by_label("By name").fill('{"x": 1}')
    page.get_by_role("button", name="Save", exact=True).click()
    row = page.get_by_role("row", name=re.compile("nightly sum"))
    expect(row).to_contain_text("Europe/Berlin")
    row.get_by_role("link", name=re.compile("nightly sum")).click()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("region", name="How it stands")).to_contain_text("Paused")
    assert not PeriodicTask.objects.get().enabled
    page.get_by_role("button", name="Run now").click()
    run = Run.objects.get()
    expect(page).to_have_url(re.compile(f"/admin/jobs/run/{run.pk}/change/"))
    assert (run.job, run.kwargs, run.owner, run.cause) == ("add", {"x": 1}, boss, "admin")
    page.goto(SCHEDULES)
    page.get_by_role("row", name=re.compile("nightly sum")).get_by_role("link", name="Queued").click()
    expect(page).to_have_url(re.compile(f"/admin/jobs/run/{run.pk}/change/"))


@pytest.mark.req("PL-2")
def test_an_edit_is_seen_in_the_history_and_reverted(logged_in: Page) -> None:
    page, schedule = logged_in, added()
    by = operations.Asker(cause=Cause.CLI, name="root")
    operations.edit_schedule(schedule, {"rule": "every 2 hours"}, by=by)
    page.goto(f"{SCHEDULES}{schedule.pk}/change/")
    page.get_by_role("link", name="History", exact=True).click()
    edit = page.get_by_role("region", name=re.compile("^Change")).first
    expect(edit).to_contain_text("by root")
    expect(edit.get_by_role("row", name=re.compile("^rule"))).to_contain_text("30 2 * * *")
    edit.get_by_role("button", name="Revert").click()
    expect(page.get_by_text("is taken back.")).to_be_visible()
    assert queries.settings_of(queries.find_schedule("nightly")).rule == "30 2 * * *"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_pages_of_schedules_fit_the_window(logged_in: Page, width: int, scheme: str) -> None:
    schedule = added("a name so long that it has to wrap somewhere, or else the page would be too wide for a phone")
    logged_in.set_viewport_size({"width": width, "height": 844})
    logged_in.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for path in ("", f"{schedule.pk}/change/", f"{schedule.pk}/history/", f"{schedule.pk}/backfill/"):
        logged_in.goto(f"{SCHEDULES}{path}")
        page = logged_in.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert page[0] <= page[1], f"{path} is {page[0]} wide in a window of {page[1]}"
