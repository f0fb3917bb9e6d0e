"""In a browser: a person finds a failing job's dead letters, reads why, and replays them carefully."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from jobs import operations
from jobs.models import BadMessage, Run
from jobs.models.run import Cause
from jobs.states import State
from jobs.testing import drain
from tests import tasks_for_tests
from tests.rows import saved_run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.embedded, pytest.mark.timeout(180)]
assert tasks_for_tests
PAGE = "/admin/jobs/run/dead-letters/"


@pytest.fixture(autouse=True)
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTES", str(tmp_path / "notes"))


@pytest.fixture
def logged_in(page: Page, admin_user: User) -> Page:
    admin_user.set_password("a long password")
    admin_user.save()
    page.goto("/admin/")
    page.get_by_label("Username").fill(admin_user.username)
    page.get_by_label("Password").fill("a long password")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("link", name=re.compile(r"^\w+ Dead letters$"))).to_be_visible()
    return page


@pytest.fixture
def letters() -> list[Run]:
    """Let a job fail twelve times, as it would with a mail server that is full."""
    return [
        operations.run_here("fails_with", {"kind": "KeyError"}, cause=Cause.CLI),
        *(_dead(job="fails_with", kwargs={"kind": "KeyError"}) for _ in range(11)),
    ]


def _dead(**columns: Any) -> Run:
    first = Run.objects.filter(job="fails_with").earliest("pk")
    error = {name: getattr(first, name) for name in ("error_kind", "error_message", "error_fingerprint")}
    return saved_run(**{"state": State.FAILED, "finished_at": timezone.now(), **error, **columns})


def _group(page: Page, job: str) -> Locator:
    return page.get_by_role("region", name=re.compile(f"^{job}:"))


@pytest.mark.req("SW-22", "SK-12", "AQ-3")
def test_dead_letters_are_found_understood_and_replayed_by_a_canary(logged_in: Page, letters: list[Run]) -> None:
    logged_in.get_by_role("link", name=re.compile(r"^\w+ Dead letters$")).click()
    group = _group(logged_in, "fails_with")
    expect(group).to_contain_text("12")
    expect(group).to_contain_text("KeyError: 'chosen'")
    group.get_by_role("link", name="fails_with").click()
    rows = logged_in.locator("#result_list tbody tr")
    expect(rows).to_have_count(12)
    logged_in.goto(f"/admin/jobs/run/{letters[0].pk}/change/")
    expect(logged_in.locator(".daybook-alert")).to_contain_text("KeyError")
    expect(logged_in.get_by_role("region", name="Traceback", exact=True)).to_contain_text(
        'raise errors[kind]("chosen")'
    )
    # The cause is still there, so that the canary stops after its first step.
    logged_in.goto(PAGE)
    _group(logged_in, "fails_with").get_by_role("button", name="Replay carefully").click()
    expect(logged_in.get_by_text("replays 1, 10, 100, then the rest")).to_be_visible()
    drain()
    logged_in.get_by_role("link", name="a run").click()
    expect(logged_in.get_by_role("region", name="Result")).to_contain_text('"stopped": true')
    expect(logged_in.get_by_role("region", name="Result")).to_contain_text('"replayed": 1')
    # It is gone: what is left goes through.
    Run.objects.filter(job="fails_with").update(job="add", kwargs={"x": 1})
    logged_in.goto(PAGE)
    _group(logged_in, "add").get_by_role("button", name="Replay carefully").click()
    expect(logged_in.get_by_text("replays 1, 10, 100, then the rest")).to_be_visible()
    drain()
    logged_in.goto(PAGE)
    expect(logged_in.get_by_text("No dead letters")).to_be_visible()
    assert Run.objects.filter(job="add", state=State.SUCCESS).count() == 12


@pytest.mark.req("SW-22")
def test_a_run_is_retried_with_an_argument_put_right(logged_in: Page) -> None:
    run = operations.run_here("fails", {"message": "full"}, cause=Cause.CLI)
    logged_in.goto(f"/admin/jobs/run/{run.pk}/change/")
    logged_in.get_by_role("link", name="Retry with other arguments").click()
    text = logged_in.get_by_role("textbox", name=re.compile("^Arguments"))
    expect(text).to_have_value('{\n  "message": "full"\n}')
    text.fill('{"message": 7}')
    logged_in.get_by_role("button", name="Retry").click()
    expect(logged_in.get_by_role("alert")).to_contain_text("message: input should be a valid string")
    expect(text).to_have_value('{"message": 7}')
    text.fill('{"message": "empty"}')
    logged_in.get_by_role("button", name="Retry").click()
    expect(logged_in.get_by_text("Enqueued again with these arguments.")).to_be_visible()
    expect(logged_in.get_by_role("region", name="Arguments")).to_contain_text('"message": "empty"')
    logged_in.get_by_role("button", name="Cancel").click()
    expect(logged_in.get_by_text("Cancelled.", exact=True)).to_be_visible()
    assert Run.objects.get(pk=run.pk).state == State.CANCELLED


def test_a_group_is_discarded_with_the_keyboard_and_a_second_thought(logged_in: Page, letters: list[Run]) -> None:
    logged_in.goto(PAGE)
    discard = _group(logged_in, "fails_with").get_by_role("button", name="Discard 12")
    expect(discard).to_be_hidden()
    _group(logged_in, "fails_with").locator("summary").focus()
    logged_in.keyboard.press("Enter")
    expect(discard).to_be_visible()
    logged_in.keyboard.press("Tab")
    logged_in.keyboard.press("Enter")
    expect(logged_in.get_by_text("fails_with: discarded 12.")).to_be_visible()
    assert Run.objects.dead_letters().count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_pages_of_wishes_fit_the_window_in_light_and_dark(
    logged_in: Page, letters: list[Run], width: int, scheme: str
) -> None:
    bad = BadMessage.objects.create(received_at=timezone.now(), queue="email", reason="not_json", body=b"x" * 300)
    logged_in.set_viewport_size({"width": width, "height": 844})
    logged_in.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    run = f"/admin/jobs/run/{letters[0].pk}"
    for path in (PAGE, f"{run}/change/", f"{run}/retry/", f"/admin/jobs/badmessage/{bad.pk}/change/"):
        logged_in.goto(path)
        page = logged_in.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert page[0] <= page[1], f"{path} is {page[0]} wide in a window of {page[1]}"
