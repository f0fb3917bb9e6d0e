"""Streams of mail cut into pages."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from ingestion.providers.protocol import MOST_SIGHTINGS, Cursor, Pager, RawMail, Sighting


def stream(marks: str) -> Iterable[tuple[RawMail | None, Cursor]]:
    """One mail per letter, a dot for one left out."""
    for at, mark in enumerate(marks, 1):
        yield (None if mark == "." else RawMail(mark, mark.encode() * 10, 10)), {"at": at}


@pytest.mark.parametrize(
    ("marks", "limit", "pages"),
    [
        ("", None, []),
        ("ab", None, [("ab", 2)]),
        ("abc", None, [("abc", 3)]),
        ("abcd", None, [("abc", 3), ("d", 4)]),
        ("abcd", 2, [("ab", 2)]),
        ("abcdefgh", 7, [("abc", 3), ("def", 6), ("g", 7)]),
        ("..", None, [("", 2)]),
        ("a..b.", None, [("ab", 5)]),
        ("abc..", None, [("abc", 3), ("", 5)]),
        ("abc..", 3, [("abc", 3)]),
    ],
)
def test_pages_hold_so_many_and_their_cursors_skip_nothing(
    marks: str, limit: int | None, pages: list[tuple[str, int]]
) -> None:
    found = Pager(mails=3, size=1000, limit=limit).pages(stream(marks))
    assert [("".join(mail.key for mail in page.mails), page.cursor["at"]) for page in found] == pages


def test_pages_are_bounded_in_bytes() -> None:
    found = Pager(mails=100, size=20, limit=None).pages(stream("abcde"))
    assert [len(page.mails) for page in found] == [2, 2, 1]


def test_a_last_page_is_not_lost_where_the_cursor_never_changes() -> None:
    still = ((mail, Cursor()) for mail, _ in stream("abcd"))
    found = Pager(mails=3, size=1000, limit=None).pages(still)
    assert ["".join(mail.key for mail in page.mails) for page in found] == ["abc", "d"]


def test_what_became_of_mails_goes_with_the_page_and_is_bounded_too() -> None:
    told = [(Sighting(str(n), None), {"at": 0}) for n in range(MOST_SIGHTINGS + 1)]
    mails = [(mail, cursor) for mail, cursor in stream("abcd") if mail]
    found = list(Pager(mails=3, size=1000, limit=3).pages([*told, *mails]))
    assert [(len(page.mails), len(page.sightings), page.cursor["at"]) for page in found] == [
        (0, MOST_SIGHTINGS, 0),
        (3, 1, 3),
    ]
