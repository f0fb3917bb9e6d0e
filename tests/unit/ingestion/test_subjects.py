"""What replies and forwards of a subject share."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.subjects import base_subject, is_reply_or_forward, stripped_subject


@pytest.mark.parametrize(
    "subject",
    [
        "Kostenplan",
        "Re: Kostenplan",
        "RE: kostenplan",
        "Re[2]: Kostenplan",
        "AW: WG: Kostenplan",
        "Antwort: Kostenplan",
        "TR: RE : Kostenplan",
        "Réf : Kostenplan",
        "R: I: Kostenplan",
        "SV: VS: Kostenplan",
        "Fwd: Fw: Kostenplan",
        "FW\uff1aKostenplan",
        "[liste] Re: [liste] Kostenplan",
        "Kostenplan (fwd)",
        "  Re:   Kostenplan ",
    ],
)
def test_answers_in_several_languages_share_their_base(subject: str) -> None:
    assert base_subject(subject) == "kostenplan"


@pytest.mark.parametrize(
    ("subject", "base"),
    [
        ("Rechnung: Mai", "rechnung: mai"),
        ("Regarding: x", "regarding: x"),
        ("[#123] Update", "[#123] update"),
        ("Re:", ""),
        ("", ""),
        ("Straße", "strasse"),
        ("[only a tag]", "[only a tag]"),
    ],
)
def test_what_is_no_prefix_stays(subject: str, base: str) -> None:
    assert base_subject(subject) == base


@pytest.mark.parametrize(
    ("subject", "expected"),
    [("Re: x", True), ("Wg: x", True), ("x (Fwd)", True), ("[l] Re: x", True), ("x", False), ("Reply: x", False)],
)
def test_an_answer_says_so(subject: str, expected: bool) -> None:
    assert is_reply_or_forward(subject) is expected


@given(st.text(max_size=80))
def test_stripping_twice_strips_nothing_more(subject: str) -> None:
    once = stripped_subject(subject)
    assert stripped_subject(once) == once
