"""The page of a notice says what its text says, and nothing in it is live."""

from __future__ import annotations

import re
from html import unescape

from notifications.composing.page import page_of

BODY = """Priya Nair wrote to you: Contract <page 7> & more
Deadline: 25 November 2026

Asked of you:
- Please sign page 7.
- Send it to https://harbour.example/sign?a=1&b=2
  before noon

Second notice
-------------
<script>alert(1)</script>
"""


def words(html: str) -> list[str]:
    inside = html[html.index("<h1") :]
    return unescape(re.sub(r"<[^>]+>", " ", inside)).split()


def test_every_word_of_the_text_stands_on_the_page_in_the_same_order() -> None:
    expected = [
        word for line in BODY.splitlines() if not line.startswith("---") for word in line.removeprefix("- ").split()
    ]
    assert words(page_of("A title", BODY)) == ["A", "title", *expected, "Daybook"]


def test_its_shape_is_kept() -> None:
    html = page_of("A title", BODY)
    assert html.count("<li") == 2
    assert re.search(r"<h2[^>]*>Second notice</h2>", html)
    assert "<strong>Deadline:</strong> 25 November 2026" in html
    assert 'href="https://harbour.example/sign?a=1&amp;b=2"' in html


def test_nothing_from_outside_becomes_markup_or_is_fetched() -> None:
    html = page_of("<b>title</b>", BODY, language="de")
    assert "<script" not in html
    assert "<b>" not in html
    assert not re.search(r"""(src|url\(|@import|<link)""", html)
    assert '<html lang="de">' in html
