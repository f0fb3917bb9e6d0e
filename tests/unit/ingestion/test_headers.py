"""Header fields as they come, sound and unsound."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import Message
from email.parser import BytesParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion import headers
from ingestion.headers import Address

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def message(text: bytes) -> Message:
    return BytesParser().parsebytes(text + b"\n\nbody")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("plain", "plain"),
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?UTF-8?B?R3LDvMOfZQ==?=", "Grüße"),
        ("=?utf-8?b?R3LDvMOfZQ?= ohne Polster", "Grüße ohne Polster"),
        ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        ("=?utf-8?q?a?=\n =?iso-8859-1?q?=FC?=", "aü"),
        ("=?utf-8?q?=C3?= =?utf-8?q?=BC?=", "ü"),
        ("=?iso-8859-1*de?q?=FC?=", "ü"),
        ("vor =?utf-8?q?=C3=BC?= nach", "vor ü nach"),
        ("=?nonsense", "=?nonsense"),
        ("=?x?b?!!!?=", ""),
        ("folded\n\tline", "folded line"),
        ("Gr\udcc3\udcbc\udcc3\udc9fe", "Grüße"),
        ("Gr\udcfc\udcdfe", "Grüße"),
        ("nul\x00", "nul"),
        ("lone \ud800 surrogate", "lone \N{REPLACEMENT CHARACTER} surrogate"),
    ],
)
def test_a_field_becomes_readable(raw: str, text: str) -> None:
    assert headers.readable(raw) == text


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (["Anna <ANNA@Example.org>"], [Address("Anna", "anna@example.org")]),
        (["=?utf-8?q?J=C3=BCrg?= <j@x.org>, k@x.org"], [Address("Jürg", "j@x.org"), Address("", "k@x.org")]),
        (['"Müller, Jürg" <j@x.org>'], [Address("Müller, Jürg", "j@x.org")]),
        (["undisclosed-recipients:;"], []),
        (["a@x.org", "b@x.org"], [Address("", "a@x.org"), Address("", "b@x.org")]),
        ([""], []),
        (["(" * 50_000], []),
    ],
)
def test_addresses_are_found(raw: list[str], found: list[Address]) -> None:
    assert headers.addresses(raw) == found


def test_of_very_many_addresses_only_some_are_kept() -> None:
    assert len(headers.addresses([", ".join(f"p{n}@x.org" for n in range(2000))])) == headers.MOST_ADDRESSES


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Fri, 01 May 2026 10:00:00 +0200", datetime(2026, 5, 1, 8, tzinfo=UTC)),
        ("1 May 2026 10:00", datetime(2026, 5, 1, 10, tzinfo=UTC)),
        ("Fri, 01 May 2026 10:00:00 -0000", datetime(2026, 5, 1, 10, tzinfo=UTC)),
        ("Fri, 01 May 2026 10:00:00 +99999", None),
        ("Fri, 99 May 2026 10:00:00", None),
        ("Fri, 01 May 0101 10:00:00 +1400", datetime(101, 4, 30, 20, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
    ],
)
def test_a_date_is_read_in_utc(text: str, moment: datetime | None) -> None:
    assert headers.parse_date(text) == moment


@pytest.mark.parametrize(
    ("fields", "moment"),
    [
        (b"Date: Thu, 30 Apr 2026 10:00:00 +0000", datetime(2026, 4, 30, 10, tzinfo=UTC)),
        (b"Date: Thu, 30 Apr 2099 10:00:00 +0000", None),
        (b"Date: Thu, 01 Jan 1970 00:00:00 +0000", None),
        (
            b"Date: rubbish\nReceived: from a by b; Wed, 29 Apr 2026 09:00:00 +0000",
            datetime(2026, 4, 29, 9, tzinfo=UTC),
        ),
        (b"Subject: none", None),
    ],
)
def test_an_absurd_date_gives_way_to_the_servers(fields: bytes, moment: datetime | None) -> None:
    assert headers.sent_at(message(fields), now=NOW) == moment


@pytest.mark.parametrize(
    ("raw", "stored"),
    [
        ("<a@b>", "<a@b>"),
        (" <a@b> (comment)", "<a@b>"),
        ("a@b", "<a@b>"),
        ("<a\n b@c>", "<ab@c>"),
        ("", ""),
        ("<>", ""),
    ],
)
def test_a_message_id_has_one_form(raw: str, stored: str) -> None:
    assert headers.message_id(raw) == stored


def test_long_message_ids_stay_apart() -> None:
    one, other = headers.message_id(f"<{'x' * 900}1@b>"), headers.message_id(f"<{'x' * 900}2@b>")
    assert one != other
    assert len(one) == len(other) == headers.LONGEST_ID


def test_references_are_read_once_each_and_bounded() -> None:
    assert headers.message_ids("<a@b><c@d>\n\t<a@b> Your message of Monday") == ["<a@b>", "<c@d>"]
    many = headers.message_ids(" ".join(f"<{n}@x>" for n in range(1000)))
    assert len(many) == headers.MOST_REFERENCES
    assert (many[0], many[1], many[-1]) == ("<0@x>", "<801@x>", "<999@x>")


@given(st.binary(max_size=400))
def test_no_header_makes_the_readers_raise(content: bytes) -> None:
    parsed = message(content)
    for name in {*map(str, parsed.keys()), "Subject"}:
        raw = headers.field(parsed, name)
        headers.readable(raw).encode()
        headers.message_id(raw).encode()
        headers.parse_date(raw)
        for address in headers.addresses([raw]):
            (address.name + address.address).encode()


def test_a_mail_is_older_only_when_it_says_so() -> None:
    old = b"Date: Thu, 30 Apr 2026 10:00:00 +0000\n\nbody"
    assert headers.is_older(old, NOW)
    assert not headers.is_older(old, datetime(2026, 4, 1, tzinfo=UTC))
    assert not headers.is_older(b"Subject: no date\n\n", NOW)
