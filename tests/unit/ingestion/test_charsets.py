"""Bytes to text under true, false and missing charset names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.charsets import decode, storable


@pytest.mark.parametrize(
    ("content", "declared", "text", "complaint"),
    [
        (b"plain", None, "plain", ""),
        ("Grüße".encode(), "utf-8", "Grüße", ""),
        ("Grüße".encode("cp1252"), "iso-8859-1", "Grüße", ""),
        (b"\x93quoted\x94", "iso-8859-1", "“quoted”", ""),
        ("Grüße".encode(), "iso-8859-1", "Grüße", ""),
        ("Grüße".encode(), "us-ascii", "Grüße", ""),
        ("Grüße".encode("cp1252"), "utf-8", "Grüße", "charset 'utf-8' doesn't fit: read as cp1252"),
        ("Grüße".encode(), "x-unknown", "Grüße", "charset 'x-unknown' doesn't fit: read as utf-8"),
        ("予約".encode("iso-2022-jp"), "ISO-2022-JP", "予約", ""),
        ("予約".encode("shift_jis"), '"Shift_JIS"', "予約", ""),
        ("汉字".encode("gb18030"), "gb2312", "汉字", ""),
        ("Привет".encode("koi8-r"), "koi8-r", "Привет", ""),
        ("\ufeffBOM".encode(), "utf-8", "BOM", ""),
        (b"a\x00b", "utf-8", "ab", ""),
        (b"eNoDAAAAAAE=", "zip", "eNoDAAAAAAE=", ""),
        (b"\\x41", "unicode_escape", "\\x41", ""),
        (b"\xff\x81", "utf-8", "ÿ\N{REPLACEMENT CHARACTER}", "charset 'utf-8' doesn't fit: parts are unreadable"),
        (b"one\r\ntwo\rthree", None, "one\ntwo\nthree", ""),
    ],
)
def test_bytes_become_the_text_that_was_meant(content: bytes, declared: str | None, text: str, complaint: str) -> None:
    assert decode(content, declared) == (text, complaint)


@given(st.binary(max_size=300), st.one_of(st.none(), st.text(max_size=20), st.sampled_from(["utf-7", "idna", "hex"])))
def test_any_bytes_under_any_name_become_storable_text(content: bytes, declared: str | None) -> None:
    text, complaint = decode(content, declared)
    for result in (text, complaint):
        assert "\x00" not in result
        result.encode()


@given(st.text(st.characters(exclude_categories=[]), max_size=50))
def test_storable_text_stays_as_it_is(text: str) -> None:
    once = storable(text)
    assert storable(once) == once
