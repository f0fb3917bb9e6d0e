"""Registering mailboxes and syncing them from the command line."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection

from ingestion.models import Account, Mail
from ingestion.operations import MailboxError, register_account
from ingestion.tasks import sync_account
from jobs import ledger
from jobs.models import Run
from jobs.states import State
from tests.mailboxes import message, write_mbox
from tests.rows import saved_worker

# A run in this process has a heartbeat of its own, which must see what is committed.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("PW-1", "PW-5")]
URL = "imaps://anna%40x.org:hunter2@mail.x.org/INBOX"


@pytest.fixture
def anna() -> User:
    return User.objects.create_user("anna", email="anna@home.org")


@pytest.fixture
def box(tmp_path: Path) -> Path:
    return write_mbox(tmp_path / "box", *(message(f"m{n}") for n in range(3)))


def sync(*words: str | Path) -> str:
    out = io.StringIO()
    call_command("jobs", "sync", *map(str, words), stdout=out)
    return out.getvalue()


def refused(*words: str | Path) -> tuple[int, str]:
    with pytest.raises(CommandError) as refusal:
        sync(*words)
    return refusal.value.returncode, str(refusal.value)


def test_a_mailbox_is_registered_once(anna: User, box: Path) -> None:
    account, is_new = register_account(anna, mbox=box)
    assert (is_new, account.provider, account.location, account.address) == (True, "mbox", str(box), "anna@home.org")
    assert register_account(anna, mbox=box) == (account, False)


def said_by_a_sync(anna: User, url: str, *more: str) -> tuple[str, object]:
    """Return what the command warns of and the password it stored; nobody listens there, so the sync itself fails."""
    warnings = io.StringIO()
    arguments = ("sync", "user", "--user", anna.username, "--imap-url", url, *more)
    with pytest.raises(CommandError, match="1 of 1 syncs failed"):
        call_command("jobs", *arguments, stdout=io.StringIO(), stderr=warnings)
    return warnings.getvalue(), (Account.objects.get().credentials or {})["password"]


def test_the_command_takes_an_imap_password_where_no_list_of_processes_shows_it(
    anna: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "imaps://anna@127.0.0.1:1/INBOX"
    monkeypatch.setattr("sys.stdin", io.StringIO("from stdin\n"))
    assert said_by_a_sync(anna, url, "--password-stdin") == ("", "from stdin")
    monkeypatch.setenv("IMAP_PASSWORD", "from the environment")
    assert said_by_a_sync(anna, url) == ("", "from the environment")
    monkeypatch.delenv("IMAP_PASSWORD")
    warning, password = said_by_a_sync(anna, url.replace("anna@", "anna:hunter2@"))
    assert ("shows in the list of processes" in warning, "hunter2" in warning, password) == (True, False, "hunter2")


def test_an_imap_password_is_stored_only_encrypted(anna: User) -> None:
    account, _ = register_account(anna, imap_url=URL)
    assert (account.location, account.address) == ("imaps://anna%40x.org@mail.x.org:993/INBOX", "anna@x.org")
    assert Account.objects.get().credentials == {"username": "anna@x.org", "password": "hunter2"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ingestion_account")
        assert "hunter2" not in str(cursor.fetchall())


def test_naming_an_account_anew_changes_its_password_and_revives_it(anna: User) -> None:
    account, _ = register_account(anna, imap_url=URL)
    Account.objects.update(is_active=False, disabled_reason="the provider refused the credentials")
    again, is_new = register_account(anna, imap_url=URL.replace("hunter2", "better"))
    assert (again, is_new) == (account, False)
    known = Account.objects.get()
    assert (known.credentials["password"], known.is_active, known.disabled_reason) == ("better", True, "")
    register_account(anna, imap_url=URL.replace(":hunter2", ""))
    assert Account.objects.get().credentials["password"] == "better"


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({}, "Name one mailbox"),
        ({"mbox": Path("/a"), "maildir": Path("/b")}, "Name one mailbox"),
        ({"mbox": Path("/nowhere")}, "/nowhere is no file"),
        ({"maildir": Path("/nowhere")}, "/nowhere is no folder"),
        ({"imap_url": "imaps://anna@x.org"}, "needs a password"),
        ({"imap_url": "ftp://a:hunter2@x.org"}, "starts with imaps"),
    ],
)
def test_what_is_no_mailbox_is_refused_and_nothing_is_stored(anna: User, named: dict[str, Any], message: str) -> None:
    with pytest.raises(MailboxError, match=message) as refusal:
        register_account(anna, **named)
    assert "hunter2" not in str(refusal.value)
    assert Account.objects.count() == 0


def test_the_command_registers_syncs_and_prints_exact_counts(anna: User, box: Path) -> None:
    lines = sync("user", "--user", "anna", "--mbox", box).splitlines()
    counted = "3 fetched, 3 stored, 0 duplicates, 0 broken, 3 threads, 0 attachments, 0 changed, 0 gone"
    assert lines == [f"mbox {box}: {counted}", f"1 account(s): {counted}"]
    write_mbox(box, message("m3"))
    said = json.loads(sync("user", "--user", "anna", "--mbox", box, "--json"))
    assert said["totals"]["stored"] == said["accounts"][0]["counts"]["fetched"] == 1
    run = Run.objects.get(pk=said["accounts"][0]["run"])
    assert (run.state, run.owner, run.cause) == (State.SUCCESS, anna, "cli")


def test_one_failing_account_leaves_the_others_alone(anna: User, box: Path, tmp_path: Path) -> None:
    register_account(anna, mbox=write_mbox(tmp_path / "gone", message("x")))
    (tmp_path / "gone").unlink()
    register_account(User.objects.create_user("ben"), mbox=box)
    assert refused("all", "--json") == (1, "1 of 2 syncs failed")
    assert Mail.objects.count() == 3
    assert [bool(account.last_error) for account in Account.objects.order_by("pk")] == [True, False]


def test_a_sync_under_way_refuses_another(anna: User, box: Path) -> None:
    account, _ = register_account(anna, mbox=box)
    run, _ = ledger.enqueue(sync_account.new_run([], {"account_id": account.pk}, owner=anna, cause="code"))
    ledger.claim(run.pk, worker_id=saved_worker().pk, now=ledger.now())
    assert refused("user", "--user", "anna") == (3, "1 of 1 syncs were refused")
    assert Mail.objects.count() == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("user", "--user", "nobody"), "there is no user 'nobody'"),
        (("user", "--user", "anna", "--mbox", "/nowhere"), "/nowhere is no file."),
        (("user", "--user", "anna", "--imap-url", "imaps://a:hunter2@[x"), "The IMAP URL has a bad port or host."),
        (("all", "--provider", "fax"), "there is no provider 'fax'; there are mbox, maildir, imap, gmail, graph"),
    ],
)
def test_bad_usage_is_said_and_exits_2(anna: User, words: tuple[str, ...], said: str) -> None:
    assert refused(*words) == (2, said)
    assert Run.objects.count() == 0
