"""HTML as its reader sees it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.html_text import html_text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>Hallo <b>Welt</b></p><p>Zwei</p>", "Hallo Welt\n\nZwei"),
        ("<style>p{}</style><script>x()</script><p>nur das</p>", "nur das"),
        ("<div style='Display : none'>vorschau</div><p>da</p>", "da"),
        (
            "<table><tr><td>Summe</td><td>12,50 €</td></tr><tr><td>MwSt</td><td>2 €</td></tr></table>",
            "Summe 12,50 €\nMwSt 2 €",
        ),
        ("<ul><li>eins<li>zwei</ul>", "* eins\n* zwei"),
        ("<?xml version='1.0' encoding='latin-1'?><p>Grüße</p>", "Grüße"),
        ("a&nbsp;&lt;b&gt;\x00", "a <b>"),
        ("", ""),
        ("   <!-- nothing -->", ""),
    ],
)
def test_markup_becomes_what_is_seen(markup: str, text: str) -> None:
    assert html_text(markup) == text


@pytest.mark.parametrize(
    "markup",
    [
        "<p style='margin-top: 9999em; padding-left: 9999em'>x</p>" * 1000,
        "<table><tr><td>" + "x" * 500_000 + "</td></tr>" + "<tr><td>a</td></tr>" * 10_000 + "</table>",
    ],
)
def test_markup_made_to_exhaust_the_reader_takes_little_time_and_space(markup: str) -> None:
    begun = time.process_time()
    assert len(html_text(markup)) <= len(markup)
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("markup", ["<div>" * 100_000, "<ul><li>" * 100_000, "<table><tr><td>" * 100_000])
def test_markup_nested_beyond_reason_is_refused_at_once_instead_of_cut_silently(markup: str) -> None:
    begun = time.process_time()
    with pytest.raises(ValueError, match="nested too deeply"):
        html_text(f"{markup}text")
    assert time.process_time() - begun < 5


@given(st.text(alphabet="<>/&;'\"=! -abpdivtrul\x00\ud800ü\n", max_size=200))
def test_no_markup_makes_it_raise(markup: str) -> None:
    html_text(markup).encode()
