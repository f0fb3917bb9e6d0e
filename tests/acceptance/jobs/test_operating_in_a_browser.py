"""In Chromium, on web, worker, beat and broker as they run: an operator watches, mends, replays and pauses."""

from __future__ import annotations

import re
import sys
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from playwright.sync_api import Browser, Locator, Page, expect

from ingestion.models import Account
from ingestion.tasks import sync_account
from jobs import dead_letters
from jobs.models import AuditEntry, Run
from jobs.states import State
from tests.acceptance.jobs.conftest import Engine
from tests.mailboxes import message, write_mbox
from tests.plugins.browser import visited
from tests.plugins.polling import poll
from tests.plugins.processes import Process
from tests.tasks_for_tests import noted, sleeps

pytestmark = [
    pytest.mark.broker,
    pytest.mark.embedded,
    pytest.mark.req("SK-12", "PW-8", "SW-22"),
    pytest.mark.timeout(300),
]
PASSWORD = "right horse battery"
OVERVIEW, LETTERS, QUEUES = "/admin/jobs/run/overview/", "/admin/jobs/run/dead-letters/", "/admin/jobs/queue/"
NOBODYS = 700_000


@pytest.fixture(scope="module")
def site(engine_servers: Engine) -> str:
    """Start a web process on the engine's database and broker, and return its address."""
    command = [sys.executable, "-m", "gunicorn", "project.wsgi", "--bind=127.0.0.1:0", "--threads=4"]
    output, environment = engine_servers.folder / "web.log", engine_servers.environment
    web = Process([*command, "--no-control-socket"], environment=environment, output=output)
    engine_servers.processes.append(web)
    address = web.said(r"Listening at: (http://\S+)", within=60)[1]
    # Its first page loads everything, which a crowded machine takes its time for.
    with urllib.request.urlopen(f"{address}/admin/login/", timeout=90) as answer:
        assert answer.status == 200
    return address


@pytest.fixture
def person(engine: Engine) -> Callable[[str], User]:
    """Return a maker of staff in a role."""

    def make(role: str) -> User:
        user = User.objects.create_user(f"{role}-{uuid.uuid4().hex[:6]}", password=PASSWORD, is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        return user

    return make


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    """A page of the site."""
    with visited(browser, site) as page:
        yield page


def logs_in(page: Page, user: User) -> None:
    page.goto("/admin/")
    page.get_by_label("Username").fill(user.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"**{OVERVIEW}")


def panel(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=re.compile(f"^{name}"))


def group(page: Page) -> Locator:
    return page.get_by_role("region", name="sync_account: PermanentError")


def mailboxes(owner: User, folder: Path, *ids: int) -> None:
    """Make the accounts that syncs asked for in vain, each with a mail."""
    for number in ids:
        path = write_mbox(folder / f"{number}.mbox", message(f"mail-{number}"))
        Account.objects.create(pk=number, owner=owner, provider=Account.Provider.MBOX, location=str(path))


def failed_syncs(*ids: int) -> list[Run]:
    """Sync accounts that do not exist."""
    failed = Run.objects.filter(pk__in=[sync_account.delay(account_id=number).id for number in ids], state=State.FAILED)
    poll(lambda: failed.count() == len(ids), within=60)
    return list(failed)


def test_the_overview_tells_of_work_while_it_goes_on(page: Page, person: Callable[[str], User]) -> None:
    logs_in(page, person("operator"))
    ended = panel(page, "Ended").locator("dd").first
    before = int(ended.inner_text())
    sleeps.delay(8)
    for _ in range(5):
        noted.delay()
    expect(panel(page, "Running now")).to_contain_text("sleeps")
    expect(panel(page, "Running now")).not_to_contain_text("sleeps")
    poll(lambda: int(ended.inner_text()) >= before + 6, within=60)
    assert page.url.endswith(OVERVIEW)


def test_a_failing_job_is_found_understood_put_right_and_seen_to_succeed(
    page: Page, person: Callable[[str], User], tmp_path: Path
) -> None:
    operator = person("operator")
    mailboxes(operator, tmp_path, NOBODYS)
    logs_in(page, operator)
    [run] = failed_syncs(NOBODYS + 1)
    row = panel(page, "Failed lately").locator("tr", has_text=f"there is no account {NOBODYS + 1}")
    expect(row).to_be_visible()
    row.get_by_role("link", name="sync_account").click()
    expect(page.locator(".daybook-alert")).to_contain_text(f"there is no account {NOBODYS + 1}")
    expect(panel(page, "Traceback")).to_contain_text("raise PermanentError(message)")
    page.get_by_role("link", name="Retry with other arguments").click()
    page.get_by_role("textbox", name=re.compile("^Arguments")).fill(f'{{"account_id": {NOBODYS}}}')
    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_text("Enqueued again with these arguments.")).to_be_visible()
    # Nobody loads the page again: it renews itself until the run has ended.
    expect(page.locator(".daybook-head .daybook-badge")).to_have_text("Success")
    expect(panel(page, "Result")).to_contain_text('"stored": 1')
    expect(panel(page, "Timeline")).to_contain_text("Attempt 1 succeeded")
    told = AuditEntry.objects.filter(target=str(run.pk)).values_list("actor", "face", "action", "before", "after")
    after = {"state": "QUEUED", "arguments": ["account_id"]}
    assert list(told) == [(operator.username, "admin", "retry", {"state": "FAILED"}, after)]


def test_dead_letters_are_replayed_one_then_ten_then_the_rest(
    page: Page, engine: Engine, own_queue: str, person: Callable[[str], User], tmp_path: Path
) -> None:
    engine.start_worker(queues=own_queue, wait=False).said(r" ready\.", within=90)
    operator = person("operator")
    dead_letters.discard(dead_letters.matching(job="sync_account").values_list("pk", flat=True))
    ids = range(NOBODYS + 100, NOBODYS + 112)
    runs = failed_syncs(*ids)
    logs_in(page, operator)
    page.get_by_role("link", name=re.compile("failed runs? waits? for a person")).click()
    expect(group(page)).to_contain_text("12")
    group(page).get_by_role("button", name="Replay carefully").click()
    page.get_by_role("link", name="a run").click()
    # The cause is still there: one was tried, and the others were left alone.
    expect(panel(page, "Result")).to_contain_text('"stopped": true')
    expect(panel(page, "Result")).to_contain_text('"replayed": 1')
    mailboxes(operator, tmp_path, *ids)
    page.goto(LETTERS)
    group(page).get_by_role("button", name="Replay carefully").click()
    page.get_by_role("link", name="a run").click()
    expect(panel(page, "Result")).to_contain_text('"replayed": 12')
    assert not Run.objects.filter(pk__in=[run.pk for run in runs]).exclude(state=State.SUCCESS).exists()
    page.goto(LETTERS)
    expect(group(page)).to_have_count(0)


def test_a_queue_is_paused_says_why_its_runs_wait_and_goes_on(
    page: Page, person: Callable[[str], User], tmp_path: Path
) -> None:
    operator = person("operator")
    mailboxes(operator, tmp_path, NOBODYS + 200)
    logs_in(page, operator)
    page.goto(QUEUES)
    email = page.get_by_role("row", name=re.compile("^email"))
    email.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("email is paused.")).to_be_visible()
    try:
        waits = sync_account.delay(account_id=NOBODYS + 200)
        page.goto(OVERVIEW)
        expect(page.get_by_role("list", name="Needs a person")).to_contain_text("Paused: email (1 waiting)")
        page.goto(f"/admin/jobs/run/{waits.id}/change/")
        expect(page.locator("[data-why]")).to_contain_text("Queue email is paused since")
        assert Run.objects.get(pk=waits.id).state == State.QUEUED
    finally:
        page.goto(QUEUES)
        email.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("email runs again.")).to_be_visible()
    poll(lambda: Run.objects.get(pk=waits.id).state == State.SUCCESS, within=60)


def test_a_viewer_sees_everything_and_changes_nothing(page: Page, person: Callable[[str], User]) -> None:
    [run] = failed_syncs(NOBODYS + 300)
    before = (Run.objects.get(pk=run.pk).state, AuditEntry.objects.count())
    logs_in(page, person("viewer"))
    buttons = page.locator("#content-main").get_by_role("button")
    for path, seen in (
        (f"/admin/jobs/run/{run.pk}/change/", f"there is no account {NOBODYS + 300}"),
        (LETTERS, "sync_account"),
        (QUEUES, "email"),
        ("/admin/jobs/worker/", "shared@"),
    ):
        page.goto(path)
        expect(page.locator("#main, #content-main").first).to_contain_text(seen)
        expect(buttons.filter(has_text=re.compile("Retry|Replay|Discard|Pause|Resume|Purge|Cancel"))).to_have_count(0)
    [token] = [cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "csrftoken"]
    for path, form in (
        (f"/admin/jobs/run/{run.pk}/wish/", {"wish": "retry"}),
        (f"/admin/jobs/run/{run.pk}/retry/", {"arguments": "{}"}),
        (LETTERS, {"wish": "discard", "job": "sync_account"}),
        (QUEUES, {"queue": "email", "wish": "pause"}),
    ):
        answer = page.request.post(path, form={**form, "csrfmiddlewaretoken": token})
        assert (path, answer.status, "CSRF" in answer.text()) == (path, 403, False)
    assert (Run.objects.get(pk=run.pk).state, AuditEntry.objects.count()) == before
