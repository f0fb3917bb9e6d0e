"""The newest part of a mail."""

from __future__ import annotations

import time

import pytest

from ingestion.quotes import LONGEST_TEXT, reply_text


@pytest.mark.parametrize(
    ("text", "newest"),
    [
        ("Yes.\n\nOn Mon, 4 May 2026 at 10:00, Bob <b@x.org> wrote:\n> Coming?\n", "Yes."),
        ("Ja.\n\nViele Grüße\nAnna\n\nAm 3. Mai 2026 um 10:00 schrieb Bob <b@x.org>:\n> Kommst du?", "Ja."),
        ("Oui.\n\nLe mar. 3 mai 2026 à 10:00, Bob <b@x.org> a écrit :\n> Tu viens ?", "Oui."),
        ("Done.\n\n-- \nAnna\nACME", "Done."),
        ("> Coming?\nYes.\n> When?\nAt ten.", "Yes.\nAt ten."),
        ("- one\n- two", "- one\n- two"),
        ("> only a quote", "> only a quote"),
        ("", ""),
    ],
)
def test_quotes_and_signature_are_left_out(text: str, newest: str) -> None:
    assert reply_text(text) == newest


def test_a_long_line_comes_through_unharmed() -> None:
    line = "word " * 200
    assert reply_text(f"{line}\n\nOn Monday, Bob wrote:\n> x") == line.strip()


def test_a_long_text_without_quotes_is_kept_whole() -> None:
    text = "\n".join(f"line {n} of many" for n in range(5000))
    assert len(text) > LONGEST_TEXT
    assert reply_text(text) == text


@pytest.mark.parametrize("text", ["Am x schrieb " * 1000, ("Am x schrieb " * 15 + "\n") * 1000, "\n" * 100_000 + "x"])
def test_text_made_to_exhaust_the_patterns_takes_little_time(text: str) -> None:
    begun = time.process_time()
    reply_text(text)
    assert time.process_time() - begun < 3
