"""CPython's own test messages, made to break parsers: each is stored, broken ones marked with a reason."""

from __future__ import annotations

import importlib.util
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
