"""mbox files: separators, positions, and what other programs do to them meanwhile."""

from __future__ import annotations

import fcntl
import multiprocessing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingestion.providers.errors import MailboxMissingError, MailboxUnavailableError
from ingestion.providers.mbox import Mbox, is_separator
from ingestion.providers.protocol import Cursor

FROM = b"From a@x Fri May  1 10:00:00 2026\n"


def mail(name: str, body: bytes = b"text\n") -> bytes:
    return FROM + f"Subject: {name}\n\n".encode() + body + b"\n"


def read(path: Path, cursor: Cursor | None = None, **options: Any) -> tuple[list[bytes], Cursor]:
    """Return the contents that a fetch yields, and its last cursor."""
    given: dict[str, Any] = {"full": False, "since": None, "limit": None, "known": lambda _: set(), **options}
    pages = list(Mbox(path).fetch(cursor or {}, **given))
    return [one.content for page in pages for one in page.mails], pages[-1].cursor if pages else (cursor or {})


def subjects(contents: list[bytes]) -> list[str]:
    return [content.split(b"\n")[0].decode().removeprefix("Subject: ") for content in contents]


@pytest.fixture
def box(tmp_path: Path) -> Path:
    path = tmp_path / "box"
    path.write_bytes(mail("one") + mail("two") + mail("three"))
    return path


def test_every_mail_is_read_as_it_stands(box: Path) -> None:
    contents, _ = read(box)
    assert contents == [b"Subject: %s\n\ntext\n" % name for name in (b"one", b"two", b"three")]


def test_a_second_look_finds_what_was_appended_and_nothing_else(box: Path) -> None:
    _, cursor = read(box)
    assert read(box, cursor)[0] == []
    with box.open("ab") as file:
        file.write(mail("four"))
    contents, cursor = read(box, cursor)
    assert subjects(contents) == ["four"]
    assert read(box, cursor)[0] == []


def test_a_full_look_reads_everything_again(box: Path) -> None:
    _, cursor = read(box)
    assert subjects(read(box, cursor, full=True)[0]) == ["one", "two", "three"]


def test_a_limit_is_kept_and_the_next_look_goes_on_behind_it(box: Path) -> None:
    first, cursor = read(box, limit=2)
    rest, cursor = read(box, cursor)
    assert (subjects(first), subjects(rest)) == (["one", "two"], ["three"])


@pytest.mark.parametrize(
    "rewritten",
    [
        mail("one") + mail("three"),
        mail("one", b"changed\n") + mail("two") + mail("three"),
        b"",
        mail("new") + mail("one") + mail("two") + mail("three") + mail("four"),
    ],
)
def test_a_rewritten_file_is_read_anew(box: Path, rewritten: bytes) -> None:
    _, cursor = read(box)
    box.write_bytes(rewritten)
    contents, cursor = read(box, cursor)
    assert len(contents) == rewritten.count(b"Subject:")
    assert read(box, cursor)[0] == []


def test_a_file_cut_while_its_last_mail_was_written_is_read_anew(box: Path) -> None:
    whole = box.read_bytes()
    box.write_bytes(whole[:-8])
    _, cursor = read(box)
    box.write_bytes(whole)
    assert read(box, cursor)[0][-1] == b"Subject: three\n\ntext\n"


def test_quoted_from_lines_are_unquoted_and_bodies_not_torn(tmp_path: Path) -> None:
    path = tmp_path / "box"
    body = b">From here\n>>From there\nFrom now on, all is well.\n\nFrom experience: yes\n"
    path.write_bytes(mail("one", body) + mail("two"))
    contents, _ = read(path)
    assert subjects(contents) == ["one", "two"]
    assert contents[0].endswith(b"From here\n>From there\nFrom now on, all is well.\n\nFrom experience: yes\n")


@pytest.mark.parametrize(
    ("line", "after_blank", "next_line", "expected"),
    [
        (FROM, True, b"Subject: x\n", True),
        (FROM, False, b"Subject: x\n", True),
        (FROM, True, b"no header here\n", True),
        (b"From nobody\n", True, b"Subject: x\n", True),
        (b"From nobody\n", False, b"Subject: x\n", False),
        (b"From nobody\n", True, b"I heard\n", False),
        (FROM, False, b"I heard\n", False),
        (b"From - Thu, 01 Jan 1970 00:00:00 +0000 10:11 1970\n", True, b"", True),
    ],
)
def test_two_of_three_signs_make_a_separator(line: bytes, after_blank: bool, next_line: bytes, expected: bool) -> None:
    assert is_separator(line, after_blank=after_blank, next_line=next_line) is expected


def test_windows_line_ends_and_missing_blank_lines_are_survived(tmp_path: Path) -> None:
    path = tmp_path / "box"
    path.write_bytes((FROM + b"Subject: one\n\ntext\n" + FROM + b"Subject: two\n\ntext\n").replace(b"\n", b"\r\n"))
    assert [content.split(b"\r\n")[0] for content in read(path)[0]] == [b"Subject: one", b"Subject: two"]


def test_a_single_message_in_a_file_is_a_mailbox_of_one(tmp_path: Path) -> None:
    path = tmp_path / "single.eml"
    path.write_bytes(b"Subject: alone\n\ntext\n")
    contents, cursor = read(path)
    assert contents == [b"Subject: alone\n\ntext\n"]
    assert read(path, cursor)[0] == []


def test_an_enormous_mail_is_cut_and_its_size_told(tmp_path: Path, settings: Any) -> None:
    settings.DAYBOOK_INGESTION = {**settings.DAYBOOK_INGESTION, "max_mail_bytes": 1000}
    path = tmp_path / "box"
    path.write_bytes(mail("huge", b"x" * 100_000) + mail("next"))
    (page,) = Mbox(path).fetch({}, full=False, since=None, limit=None, known=lambda _: set())
    assert [(len(one.content), one.size > 100_000) for one in page.mails] == [(1001, True), (20, False)]


def test_old_mail_is_left_out_where_a_look_back_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "box"
    old = b"Date: Thu, 30 Apr 2020 10:00:00 +0000\nSubject: old\n\n\n"
    path.write_bytes(FROM + old + mail("undated"))
    contents, cursor = read(path, since=datetime(2026, 1, 1, tzinfo=UTC))
    assert subjects(contents) == ["undated"]
    assert read(path, cursor)[0] == []


@pytest.mark.parametrize("name", ["missing", "."])
def test_what_is_no_file_is_refused_for_good(tmp_path: Path, name: str) -> None:
    with pytest.raises(MailboxMissingError) as refusal:
        read(tmp_path / name)
    assert refusal.value.permanent


def test_a_locked_file_is_left_for_later(box: Path) -> None:
    locked, done = multiprocessing.Event(), multiprocessing.Event()
    holder = multiprocessing.Process(target=_hold, args=(box, locked, done))
    holder.start()
    try:
        assert locked.wait(10)
        with pytest.raises(MailboxUnavailableError) as refusal:
            read(box)
        assert not refusal.value.permanent
    finally:
        done.set()
        holder.join(10)


def _hold(path: Path, locked: Any, done: Any) -> None:
    with path.open("r+b") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        locked.set()
        done.wait(10)
