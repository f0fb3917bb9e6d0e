"""Maildir folders: keys that survive flags and moves."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingestion.providers.errors import MailboxMissingError
from ingestion.providers.maildir import Maildir
from ingestion.providers.protocol import RawMail


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for part in ("new", "cur", "tmp"):
        (tmp_path / part).mkdir()
    return tmp_path


def deliver(path: Path, *, content: bytes = b"Subject: x\n\n", at: int = 0) -> None:
    path.write_bytes(content)
    os.utime(path, (at, at))


def read(folder: Path, known: set[str] | None = None, **options: Any) -> list[RawMail]:
    given: dict[str, Any] = {"full": False, "since": None, "limit": None, **options}
    pages = Maildir(folder).fetch({}, known=lambda keys: set(keys) & (known or set()), **given)
    return [mail for page in pages for mail in page.mails]


def test_new_and_seen_mail_is_read_in_order_of_delivery(folder: Path) -> None:
    deliver(folder / "new" / "3.c.host", at=30)
    deliver(folder / "cur" / "1.a.host:2,S", at=10)
    deliver(folder / "cur" / "2.b.host", at=20)
    deliver(folder / "tmp" / "4.d.host", at=40)
    deliver(folder / "new" / ".hidden", at=50)
    assert [mail.key for mail in read(folder)] == ["1.a.host", "2.b.host", "3.c.host"]


def test_what_is_known_is_not_read_again_whatever_its_flags(folder: Path) -> None:
    deliver(folder / "cur" / "1.a.host:2,RS")
    deliver(folder / "new" / "2.b.host")
    assert [mail.key for mail in read(folder, {"1.a.host"})] == ["2.b.host"]


def test_the_folder_of_sent_mail_is_read_too(folder: Path) -> None:
    (folder / ".Sent" / "cur").mkdir(parents=True)
    deliver(folder / "new" / "1.a.host")
    deliver(folder / ".Sent" / "cur" / "1.a.host:2,S")
    assert [(mail.key, mail.is_sent) for mail in read(folder)] == [("1.a.host", False), ("Sent/1.a.host", True)]


def test_a_mail_that_moves_while_it_is_listed_is_still_read(folder: Path) -> None:
    deliver(folder / "new" / "1.a.host")

    def known(_: list[str]) -> set[str]:
        (folder / "new" / "1.a.host").rename(folder / "cur" / "1.a.host:2,S")
        return set()

    pages = Maildir(folder).fetch({}, full=False, since=None, limit=None, known=known)
    assert [mail.key for page in pages for mail in page.mails] == ["1.a.host"]


def test_a_mail_deleted_while_it_is_listed_is_passed_over(folder: Path) -> None:
    deliver(folder / "new" / "1.a.host")

    def known(_: list[str]) -> set[str]:
        (folder / "new" / "1.a.host").unlink()
        return set()

    pages = Maildir(folder).fetch({}, full=False, since=None, limit=None, known=known)
    assert [mail.key for page in pages for mail in page.mails] == []


def test_limit_and_look_back_are_kept(folder: Path) -> None:
    deliver(folder / "new" / "1.old", content=b"Date: Thu, 30 Apr 2020 10:00:00 +0000\n\n", at=1)
    deliver(folder / "new" / "2.new", at=2)
    deliver(folder / "new" / "3.new", at=3)
    since = datetime(2026, 1, 1, tzinfo=UTC)
    assert [mail.key for mail in read(folder, since=since, limit=1)] == ["2.new"]


def test_what_is_no_maildir_is_refused_for_good(tmp_path: Path) -> None:
    with pytest.raises(MailboxMissingError, match="neither new/ nor cur/"):
        read(tmp_path)


def test_names_that_no_database_takes_have_keys_that_stay_apart(folder: Path) -> None:
    long = "1." + "x" * 240
    deliver(folder / "new" / f"{long}.a")
    deliver(folder / "new" / f"{long}.b")
    Path(os.fsdecode(os.fsencode(folder / "new") + b"/2.\xff")).write_bytes(b"Subject: x\n\n")
    (folder / ".Sent Messages" / "cur").mkdir(parents=True)
    deliver(folder / ".Sent Messages" / "cur" / f"{long}.a:2,S")
    keys = [mail.key for mail in read(folder)]
    assert len(set(keys)) == 4
    assert max(map(len, keys)) <= 255
    "".join(keys).encode()
