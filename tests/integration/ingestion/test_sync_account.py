"""sync_account on a real database: every mail once, damage kept, files and threads beside it."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from ingestion.models import Account, Attachment, Mail, MailCopy, Thread
from ingestion.operations import register_account, sync_user
from ingestion.storing import Counts
from ingestion.tasks import sync_account
from jobs.errors import PermanentError
from jobs.here import run_here
from jobs.states import State
from tests.mailboxes import START, message, write_mbox

pytestmark = [pytest.mark.django_db, pytest.mark.req("AQ-4")]


@pytest.fixture
def anna() -> User:
    return User.objects.create_user("anna", email="anna@x.org")


@pytest.fixture
def box(tmp_path: Path) -> Path:
    return write_mbox(tmp_path / "box", *(message(f"m{n}") for n in range(5)))


@pytest.fixture
def account(anna: User, box: Path) -> Account:
    return register_account(anna, mbox=box)[0]


def counts(**given: int) -> dict[str, int]:
    return {**Counts().as_dict(), **given}


def test_a_mailbox_is_stored_once_however_often_it_is_synced(account: Account, box: Path) -> None:
    assert sync_account(account_id=account.pk) == counts(fetched=5, stored=5, threads=5)
    assert sync_account(account_id=account.pk) == counts()
    write_mbox(box, message("m5"), message("m2"))
    assert sync_account(account_id=account.pk) == counts(fetched=2, stored=1, duplicates=1, threads=1)
    assert sync_account(account_id=account.pk, full=True) == counts(fetched=7, duplicates=7)
    assert sorted(Mail.objects.values_list("message_id", flat=True)) == [f"<m{n}@x.org>" for n in range(6)]


def test_a_mail_is_stored_with_everything_it_says(anna: User, tmp_path: Path) -> None:
    raw = (
        message("m", subject="Re: =?utf-8?q?Gr=C3=BC=C3=9Fe?=", sender='"Bob B." <BOB@x.org>', answers="a")
        .replace(b"\n\n", b"\nList-Id: <l.x.org>\nContent-Type: multipart/mixed; boundary=B\n\n", 1)
        .replace(
            b"Hello",
            b"--B\n\nYes.\n\nOn Monday, Anna wrote:\n> ?\n--B\nContent-Type: text/plain; name=a.txt\n\nfile\n--B--",
        )
    )
    account, _ = register_account(anna, mbox=write_mbox(tmp_path / "one", raw))
    assert sync_account(account_id=account.pk) == counts(fetched=1, stored=1, threads=1, attachments=1)
    mail = Mail.objects.get()
    assert (mail.subject, mail.base_subject, mail.message_id) == ("Re: Grüße", "grüsse", "<m@x.org>")
    assert (mail.sender_name, mail.sender_address, mail.direction) == ("Bob B.", "bob@x.org", "in")
    assert mail.recipients == [{"name": "", "address": "anna@x.org", "kind": "to"}]
    assert (mail.in_reply_to, mail.references, mail.sent_at) == ("<a@x.org>", [], START)
    assert (mail.text, mail.reply_text) == ("Yes.\n\nOn Monday, Anna wrote:\n> ?", "Yes.")
    assert (mail.headers, mail.raw, mail.parse_error) == ({"list-id": "<l.x.org>"}, None, "")
    file = Attachment.objects.get()
    assert (file.filename, file.position, file.size, bytes(file.content or b""), file.text) == (
        "a.txt",
        0,
        4,
        b"file",
        "file",
    )


def test_the_owners_own_mail_is_outgoing(anna: User, tmp_path: Path) -> None:
    account, _ = register_account(anna, mbox=write_mbox(tmp_path / "one", message("m", sender="Anna <ANNA@x.org>")))
    sync_account(account_id=account.pk)
    assert Mail.objects.get().direction == Mail.Direction.OUT


def test_a_broken_mail_is_kept_with_its_bytes_and_the_rest_go_on(anna: User, tmp_path: Path) -> None:
    broken = b"\x00\xff no header at all"
    box = write_mbox(tmp_path / "box", message("m1"), broken, message("m2"))
    account, _ = register_account(anna, mbox=box)
    assert sync_account(account_id=account.pk) == counts(fetched=3, stored=3, broken=1, threads=3)
    kept = Mail.objects.exclude(parse_error="").get()
    assert bytes(kept.raw or b"") == broken + b"\n"
    assert kept.parse_error.startswith("it has no headers; missing header body separator")
    assert kept.identity.startswith("sha256:")
    assert sync_account(account_id=account.pk, full=True) == counts(fetched=3, duplicates=3)


def test_a_mail_in_two_folders_is_stored_once_and_not_fetched_again(anna: User, tmp_path: Path) -> None:
    for place in ("new", "cur", ".Sent/cur"):
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "new" / "1.in").write_bytes(message("m1"))
    (tmp_path / ".Sent" / "cur" / "2.sent:2,S").write_bytes(message("m1"))
    account, _ = register_account(anna, maildir=tmp_path)
    assert sync_account(account_id=account.pk) == counts(fetched=2, stored=1, duplicates=1, threads=1)
    assert [(copy.provider_key, copy.mail.provider_key) for copy in MailCopy.objects.all()] == [("Sent/2.sent", "1.in")]
    (tmp_path / "new" / "1.in").rename(tmp_path / "cur" / "1.in:2,RS")
    assert sync_account(account_id=account.pk) == counts()


def test_the_same_mail_of_two_users_is_each_ones_own(account: Account, box: Path) -> None:
    other, _ = register_account(User.objects.create_user("ben"), mbox=box)
    sync_account(account_id=account.pk)
    assert sync_account(account_id=other.pk) == counts(fetched=5, stored=5, threads=5)
    assert Thread.objects.filter(account=other).count() == 5


def test_a_limit_is_kept_and_the_next_sync_goes_on_behind_it(account: Account) -> None:
    assert sync_account(account_id=account.pk, limit=2)["stored"] == 2
    assert sync_account(account_id=account.pk)["stored"] == 3


def test_look_back_leaves_older_mail_alone(anna: User, tmp_path: Path) -> None:
    box = write_mbox(tmp_path / "box", message("old", at=timedelta(days=-3000)), message("m"))
    account, _ = register_account(anna, mbox=box)
    assert sync_account(account_id=account.pk, lookback_days=2000)["stored"] == 1
    assert Mail.objects.get().message_id == "<m@x.org>"


def test_a_failure_is_kept_with_the_account_and_the_next_success_clears_it(account: Account, box: Path) -> None:
    away = box.rename(box.with_suffix(".away"))
    with pytest.raises(PermanentError, match="No such file"):
        sync_account(account_id=account.pk)
    account.refresh_from_db()
    assert account.last_error == f"MailboxMissingError: {box}: No such file or directory"
    assert (account.is_active, account.last_synced_at) == (True, None)
    away.rename(box)
    sync_account(account_id=account.pk)
    account.refresh_from_db()
    assert account.last_error == ""
    assert account.last_synced_at is not None


def test_the_account_of_another_user_is_refused(account: Account) -> None:
    stranger = User.objects.create_user("ben")
    with pytest.raises(PermanentError, match=f"there is no account {account.pk} of user {stranger.pk}"):
        sync_account(account_id=account.pk, user_id=stranger.pk)
    assert Mail.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_the_run_is_recorded_for_its_user_and_its_mails_name_it(anna: User, account: Account) -> None:
    (synced,) = sync_user(anna)
    assert (synced.run.state, synced.run.owner, synced.counts) == (
        State.SUCCESS,
        anna,
        counts(fetched=5, stored=5, threads=5),
    )
    assert set(Mail.objects.values_list("ingested_by", flat=True)) == {synced.run.pk}


@pytest.mark.django_db(transaction=True)
def test_totals_of_an_interrupted_sync_count_every_attempt(account: Account, settings: Any, box: Path) -> None:
    settings.DAYBOOK_INGESTION = {**settings.DAYBOOK_INGESTION, "page_mails": 2}
    whole = box.read_bytes()
    run = run_here(sync_account, {"account_id": account.pk, "limit": 3})
    assert run.checkpoint == {"counts": counts(fetched=3, stored=3, threads=3)}
    assert box.read_bytes() == whole
    assert sync_account(account_id=account.pk) == counts(fetched=2, stored=2, threads=2)


@pytest.mark.django_db(transaction=True)
def test_two_syncs_of_one_account_at_once_store_every_mail_once(account: Account) -> None:
    results: list[dict[str, int]] = []
    barrier = threading.Barrier(2)

    def work() -> None:
        barrier.wait(10)
        results.append(sync_account(account_id=account.pk))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(result["stored"] for result in results) == [0, 5]
    assert Mail.objects.count() == Thread.objects.count() == 5
