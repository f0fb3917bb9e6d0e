"""Mail from a real Dovecot: exact counts whatever happens on either side, and its flags untouched."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from ingestion.models import Account, Mail, MailCopy, Thread
from ingestion.operations import register_account, sync_user
from ingestion.providers.errors import MailboxMissingError, MailboxUnavailableError
from ingestion.storing import Counts
from ingestion.tasks import sync_account
from jobs.states import State
from tests.dovecot import Dovecot, find_dovecot
from tests.mailboxes import message
from tests.plugins.polling import poll
from tests.plugins.processes import Process, Start

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("SW-11")]
MANY = 300


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    find_dovecot()
    # Dovecot's own users must reach its folder; pytest's folders are closed to others.
    with TemporaryDirectory(prefix="dovecot-") as folder:
        server = Dovecot(Path(folder))
        server.start()
        yield server
        server.kill()


@pytest.fixture
def anna() -> User:
    return User.objects.create_user("anna")


def recent(first: int, count: int, **changes: Any) -> list[bytes]:
    """Return messages of today, so that no look-back leaves them out."""
    today = format_datetime(datetime.now(UTC)).encode()
    made = (message(f"m{n}", subject=f"Subject {n}", **changes) for n in range(first, first + count))
    return [one.replace(b"Date: Fri, 01 May 2026 08:00:00 +0000", b"Date: " + today) for one in made]


def counts(**given: int) -> dict[str, int]:
    return {**Counts().as_dict(), **given}


def test_hundreds_of_mails_twice_and_ten_more_are_stored_once_each(dovecot: Dovecot, anna: User) -> None:
    dovecot.deliver("steady", recent(0, MANY))
    flags = dovecot.flags("steady")
    account, _ = register_account(anna, imap_url=dovecot.url("steady"))
    assert sync_account(account_id=account.pk) == counts(fetched=MANY, stored=MANY, threads=MANY)
    assert sync_account(account_id=account.pk) == counts()
    dovecot.deliver("steady", recent(MANY, 10))
    assert sync_account(account_id=account.pk) == counts(fetched=10, stored=10, threads=10)
    assert sync_account(account_id=account.pk, full=True) == counts()
    assert sorted(Mail.objects.values_list("message_id", flat=True)) == sorted(
        f"<m{n}@x.org>" for n in range(MANY + 10)
    )
    assert dovecot.flags("steady") == flags + [b""] * 10


def test_another_uidvalidity_syncs_anew_without_doubles(dovecot: Dovecot, anna: User) -> None:
    dovecot.deliver("restored", recent(0, 20))
    account, _ = register_account(anna, imap_url=dovecot.url("restored"))
    assert sync_account(account_id=account.pk)["stored"] == 20
    dovecot.forget_uids("restored")
    dovecot.deliver("restored", recent(20, 1))
    assert sync_account(account_id=account.pk) == counts(fetched=21, stored=1, duplicates=20, threads=1)
    assert sync_account(account_id=account.pk) == counts()
    assert Mail.objects.count() == 21


def test_sent_mail_is_read_and_outgoing(dovecot: Dovecot, anna: User) -> None:
    dovecot.deliver("both", recent(0, 2))
    dovecot.deliver("both", recent(1, 2, sender="elsewhere@x.org"), folder="Sent")
    account, _ = register_account(anna, imap_url=dovecot.url("both"))
    assert sync_account(account_id=account.pk) == counts(fetched=4, stored=3, duplicates=1, threads=3)
    assert sync_account(account_id=account.pk, full=True) == counts()
    assert dict(Mail.objects.values_list("message_id", "direction")) == {
        "<m0@x.org>": "in",
        "<m1@x.org>": "in",
        "<m2@x.org>": "out",
    }
    assert MailCopy.objects.get().mail.message_id == "<m1@x.org>"


def test_a_named_folder_is_read_alone_and_a_missing_one_is_an_error_for_good(dovecot: Dovecot, anna: User) -> None:
    dovecot.deliver("folders", recent(0, 1))
    dovecot.deliver("folders", recent(1, 1), folder="Sent")
    account, _ = register_account(anna, imap_url=dovecot.url("folders").replace("INBOX", "Sent"))
    assert sync_account(account_id=account.pk)["stored"] == 1
    missing, _ = register_account(anna, imap_url=dovecot.url("folders").replace("INBOX", "No%20such"))
    with pytest.raises(MailboxMissingError, match="has no such folder"):
        sync_account(account_id=missing.pk)


def test_a_wrong_password_fails_for_good_is_told_and_stops_further_syncs(dovecot: Dovecot, anna: User) -> None:
    account, _ = register_account(anna, imap_url=dovecot.url("locked", password="wrong-one"))
    (synced,) = sync_user(anna)
    assert (synced.run.state, synced.run.attempt, synced.run.error_kind) == (State.FAILED, 1, "AccessRefusedError")
    account.refresh_from_db()
    assert account.last_error.startswith("AccessRefusedError: The server refused the user name or password")
    assert (account.is_active, account.disabled_reason) == (False, "the provider refused the credentials")
    assert "wrong-one" not in f"{account.last_error}{synced.run.error_message}{synced.run.kwargs}{synced.run.attempts}"
    assert sync_user(anna) == []
    again, _ = register_account(anna, imap_url=dovecot.url("locked"))
    assert [one.run.state for one in sync_user(anna)] == [State.SUCCESS]
    assert again == account


def test_a_server_killed_in_mid_sync_costs_nothing(dovecot: Dovecot, anna: User, settings: Any) -> None:
    settings.DAYBOOK_INGESTION = {**settings.DAYBOOK_INGESTION, "page_mails": 10, "imap_timeout_seconds": 5}
    dovecot.deliver("killed", recent(0, MANY))
    account, _ = register_account(anna, imap_url=dovecot.url("killed"))
    killer = threading.Thread(target=_kill_when, args=(dovecot, 40))
    killer.start()
    with pytest.raises(MailboxUnavailableError) as failure:
        sync_account(account_id=account.pk)
    killer.join(30)
    before = Mail.objects.count()
    assert not failure.value.permanent
    assert 40 <= before < MANY
    assert before % 10 == 0
    assert Account.objects.get().last_error.startswith("MailboxUnavailableError")
    dovecot.start()
    assert sync_account(account_id=account.pk) == counts(
        fetched=MANY - before, stored=MANY - before, threads=MANY - before
    )
    assert Mail.objects.count() == Thread.objects.count() == MANY
    assert Account.objects.get().last_error == ""


@pytest.mark.timeout(300)
def test_a_sync_killed_in_its_midst_goes_on_where_it_stopped(
    dovecot: Dovecot, anna: User, start: Start, broker: str
) -> None:
    dovecot.deliver("cut", recent(0, MANY))
    quick = {"LEASE_SECONDS": "4", "LOG_LEVEL": "WARNING", "BROKER_URL": broker}
    start("celery", "-A", "project", "beat", **quick)
    command = ("manage.py", "jobs", "sync", "user", "--user", "anna", "--imap-url", dovecot.url("cut"), "--json")

    def killed_beyond(stored: int) -> bool:
        """Sync until more than that is stored, then kill; false while the guard still waits for the last rescue."""
        process = start(*command, **quick)
        poll(lambda: Mail.objects.count() > stored or process._popen.poll() is not None, within=60)
        process.kill()
        return Mail.objects.count() > stored

    for kill in range(2):
        poll(partial(killed_beyond, kill * 50), within=60)
    before = Mail.objects.count()
    assert 50 < before < MANY
    assert before % 50 == 0

    def finished() -> Process | None:
        process = start(*command, **quick)
        return process if process.ended(within=90) == 0 else None

    last = poll(finished, within=100)
    assert last
    printed = last.text()
    totals = json.loads(printed[printed.index("{") :])["totals"]
    assert totals == counts(fetched=MANY - before, stored=MANY - before, threads=MANY - before)
    assert Mail.objects.count() == Thread.objects.count() == MANY


def _kill_when(server: Dovecot, stored: int) -> None:
    try:
        poll(lambda: Mail.objects.count() >= stored, within=60)
    finally:
        server.kill()
        connection.close()
