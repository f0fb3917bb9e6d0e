"""docs/tour.md, walked: every step by the command line, then by the API, with what each must show."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from ingestion.models import Account
from ingestion.operations import register_account
from ingestion.tasks import sync_account
from jobs import operations, tokens
from jobs.models import Run
from jobs.models.token import Scope
from jobs.states import State
from jobs.testing import drain
from tests.mailboxes import message, write_mbox
from tests.pages import tables

pytestmark = [pytest.mark.django_db, pytest.mark.req("SW-22", "AA-4", "PW-5", "PW-6")]
NOBODYS = 901


class Walk:
    """Takes the page's steps one way; remembers the run they are about."""

    def __init__(self, way: str, caller: Callable[[str], str], account: Account) -> None:
        self._steps = {row["step"]: row[way].strip("`") for row in tables("docs/tour.md", heading="step")}
        self._caller = caller
        self._account = account
        self.run = ""

    def __call__(self, step: str) -> str:
        """Take the step that begins so, and return what is told."""
        [words] = [words for name, words in self._steps.items() if name.startswith(step)]
        return self._caller(words.replace("RUN_ID", self.run).replace("ACCOUNT", str(self._account.pk)))


@pytest.fixture
def account(tmp_path: Path) -> Account:
    """A mailbox with one mail."""
    account, _ = register_account(User.objects.create_user("anna"), mbox=write_mbox(tmp_path / "a.mbox", message("m")))
    return account


def by_command(words: str) -> str:
    out = io.StringIO()
    try:
        call_command("jobs", *words.removeprefix("jobs ").split(), stdout=out)
    except CommandError as error:
        out.write(str(error))
    return out.getvalue()


@pytest.fixture
def by_api() -> Callable[[str], str]:
    boss = User.objects.create_superuser("boss")
    _, secret = tokens.make(user=boss, name="tour", scopes=Scope.values, days=1, now=timezone.now())

    def call(words: str) -> str:
        method, path, *body = words.split(" ", 2)
        content = {"data": body[0], "content_type": "application/json"} if body else {}
        headers = {"Authorization": f"Bearer {secret}"}
        answer = Client().generic(method, f"/api/v1/{path}", headers=headers, **content)  # type: ignore[arg-type]
        assert answer.status_code < 300, (words, answer.content)
        return json.dumps(json.loads(answer.content), ensure_ascii=False)

    return call


@pytest.fixture(params=["command line", "API"])
def walk(request: pytest.FixtureRequest, account: Account) -> Walk:
    """Walk one of the ways."""
    caller = by_command if request.param == "command line" else request.getfixturevalue("by_api")
    return Walk(request.param, caller, account)


def test_from_a_failed_job_to_its_replay(walk: Walk, account: Account, tmp_path: Path) -> None:
    walk("Let something fail")
    drain()
    run = Run.objects.get(job="sync_account")
    walk.run = str(run.pk)
    assert (walk.run in walk("See that"), run.state) == (True, State.FAILED)
    told = walk("Read why")
    assert f"there is no account {NOBODYS}" in told
    assert "raise PermanentError(message)" in told
    walk("Put it right")
    drain()
    assert State.SUCCESS in walk("See it succeed").upper()
    assert Run.objects.get(pk=run.pk).kwargs == {"account_id": account.pk}

    letters = [sync_account.delay(account_id=NOBODYS + number).id for number in range(12)]
    drain()
    assert "PermanentError" in walk("See what else")
    box = write_mbox(tmp_path / "b.mbox", message("n"))
    Account.objects.create(pk=NOBODYS, owner=account.owner, provider=Account.Provider.MBOX, location=str(box))
    Run.objects.filter(pk__in=letters).update(kwargs={"account_id": NOBODYS})
    walk("The cause is mended")
    drain()
    assert Run.objects.filter(pk__in=letters).exclude(state=State.SUCCESS).count() == 0
    sync_account.delay(account_id=NOBODYS + 50)
    drain()
    walk("Or close")
    assert Run.objects.dead_letters().count() == 0


def test_why_it_does_not_run(walk: Walk) -> None:
    operations.pause_queue("email", by=None)
    walk.run = str(sync_account.delay(account_id=NOBODYS).id)
    assert walk.run in walk("Find what waits")
    assert "queue email is paused" in walk("Ask why")
    walk("Its queue is paused")
    assert "queue email is paused" not in walk("Ask why")
    walk.run = str(sync_account.apply_async(kwargs={"account_id": NOBODYS}, countdown=3600).id)
    walk("It waits for its time")
    assert Run.objects.get(pk=walk.run).run_at <= timezone.now()
    assert "no worker serves" in walk("Nothing runs")


def test_the_pages_column_of_the_admin_names_what_is_there() -> None:
    templates = "".join(path.read_text() for path in (Path(__file__).parents[2] / "jobs" / "templates").rglob("*.html"))
    for label in ("Retry with other arguments", "Replay carefully", "Discard…", "Run now", "Resume", "Failed lately"):
        assert label in templates
