"""Messages of every kind and damage, understood or marked, never raised."""

from __future__ import annotations

import importlib.util
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.headers import Address
from ingestion.mime import LONGEST_TEXT, ParsedMail, parse

NOW = datetime(2026, 5, 2, tzinfo=UTC)
HEAD = b"From: Anna <anna@x.org>\nTo: bob@x.org\nDate: Fri, 1 May 2026 10:00:00 +0200\nSubject: Hi\nMessage-ID: <1@x>\n"


def understood(raw: bytes) -> ParsedMail:
    return parse(raw, size=len(raw), now=NOW)


def multipart(kind: str, *parts: bytes) -> bytes:
    body = b"".join(b"--B\n" + part + b"\n" for part in parts) + b"--B--\n"
    return HEAD + b'Content-Type: multipart/%s; boundary="B"\n\n' % kind.encode() + body


def part(kind: str, content: bytes, *fields: bytes) -> bytes:
    return b"\n".join([b"Content-Type: " + kind.encode(), *fields, b"", content])


def test_a_plain_message_is_understood() -> None:
    mail = understood(HEAD + b"In-Reply-To: <0@x>\nReferences: <00@x> <0@x>\nCc: C <c@x.org>\n\nHello\n")
    assert mail == ParsedMail(
        identity="<1@x>",
        message_id="<1@x>",
        in_reply_to="<0@x>",
        references=("<00@x>", "<0@x>"),
        subject="Hi",
        sender=Address("Anna", "anna@x.org"),
        recipients=(("to", Address("", "bob@x.org")), ("cc", Address("C", "c@x.org"))),
        sent_at=datetime(2026, 5, 1, 8, tzinfo=UTC),
        text="Hello\n",
    )


@pytest.mark.parametrize(
    ("raw", "text", "files"),
    [
        (multipart("alternative", part("text/plain", b"plain"), part("text/html", b"<p>rich")), "plain", []),
        (multipart("alternative", part("text/plain", b" "), part("text/html", b"<p>rich")), "rich", []),
        (multipart("mixed", part("text/html", b"<p>rich"), part("text/plain", b"footer")), "rich\n\nfooter", []),
        (
            multipart("mixed", part("text/plain", b"see"), part('text/plain; name="a/b\\c.txt"', b"file")),
            "see",
            [("c.txt", "text/plain", b"file")],
        ),
        (
            multipart(
                "mixed",
                part(
                    "application/pdf",
                    b"JVBERg==",
                    b"Content-Transfer-Encoding: base64",
                    b"Content-Disposition: attachment; filename*=utf-8''%C3%BC.pdf",
                ),
            ),
            "",
            [("ü.pdf", "application/pdf", b"%PDF")],
        ),
        (
            multipart("mixed", part("application/ms-tnef; name=winmail.dat", b"\x78\x9f\x3e\x22")),
            "",
            [("winmail.dat", "application/ms-tnef", b'x\x9f>"')],
        ),
    ],
)
def test_text_and_files_are_found(raw: bytes, text: str, files: list[tuple[str, str, bytes]]) -> None:
    mail = understood(raw)
    assert mail.text.strip() == text
    assert [(file.filename, file.content_type, file.content) for file in mail.attachments] == files
    assert mail.problems == ()


def test_a_mail_within_a_mail_is_a_file() -> None:
    mail = understood(multipart("mixed", part("message/rfc822", b"Subject: inner\n\ntext")))
    (file,) = mail.attachments
    assert (file.filename, file.content_type) == ("message.eml", "message/rfc822")
    assert file.content.startswith(b"Subject: inner")


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "the message is empty"),
        (b"\x00\xff\xfe" * 10, "it has no headers"),
        (b"Subject: x\n\ny", "no sender"),
        (b"Subject: x\n\ny", "no usable date"),
        (HEAD + b"Content-Type: multipart/mixed\n\nx", "no boundary in multipart"),
        (HEAD + b'Content-Type: multipart/mixed; boundary="B"\n\n--B\n\nx', "close boundary not found"),
        (HEAD + b"Content-Transfer-Encoding: base64\n\nQUJ", "invalid base64 padding"),
        (HEAD + b"Content-Type: text/plain; charset=x-none\n\n\xc3\xbc", "charset 'x-none' doesn't fit: read as utf-8"),
        (HEAD + b"\n" + b"x" * (LONGEST_TEXT + 1), f"text of {LONGEST_TEXT + 1} characters cut at {LONGEST_TEXT}"),
    ],
)
def test_damage_is_named(raw: bytes, problem: str) -> None:
    assert problem in understood(raw).problems


def test_a_message_that_was_cut_says_so() -> None:
    mail = parse(HEAD + b"\nstart", size=1_000_000, now=NOW)
    assert mail.problems == ("too large: 1000000 bytes, of which 111 were read",)
    assert mail.text == "start"


def test_parts_nested_beyond_reason_end_somewhere() -> None:
    deep = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(90))
    mail = understood(HEAD + deep + b"\ninnermost")
    assert any("nested too deeply" in problem for problem in mail.problems)
    far = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(5000))
    assert understood(HEAD + far).problems[0].startswith("unreadable: RecursionError")


def test_of_very_many_parts_only_some_are_read() -> None:
    mail = understood(multipart("mixed", *[part("application/x", b"") for _ in range(2000)]))
    assert len(mail.attachments) < 500
    assert "parts nested too deeply or too many: some were left out" in mail.problems


def test_without_message_id_the_content_tells_mails_apart() -> None:
    bare = HEAD.replace(b"Message-ID: <1@x>\n", b"")
    one, same = understood(bare + b"\nbody\n"), understood(b"Status: RO\nX-UID: 7\n" + bare + b"\r\nbody\r\n\r\n")
    other = understood(bare + b"\nanother\n")
    assert one.identity == same.identity != other.identity
    assert one.identity.startswith("sha256:")
    assert one.message_id == ""


def test_nul_bytes_are_nowhere_in_the_result() -> None:
    raw = b"From: A\x00 <a@x>\nSubject: a\x00b\nMessage-ID: <1\x00@x>\n\nte\x00xt"
    assert "\x00" not in repr(understood(raw)).replace("\\x00", "\x00")


def _python_test_data() -> list[Path]:
    found = importlib.util.find_spec("test")
    places = (
        [Path(place) / "test_email" / "data" for place in (found.submodule_search_locations or [])] if found else []
    )
    return sorted(file for place in places for file in place.glob("*") if file.is_file())


@pytest.mark.skipif(not _python_test_data(), reason="this Python comes without its own tests")
def test_every_message_of_pythons_own_tests_is_understood() -> None:
    mails = {file.name: understood(file.read_bytes()) for file in _python_test_data()}
    assert len(mails) >= 48
    assert not [
        name for name, mail in mails.items() if any(problem.startswith("unreadable:") for problem in mail.problems)
    ]
    assert mails["msg_16.txt"].subject == "Delivery Notification: Delivery has failed"
    assert len(mails["msg_02.txt"].attachments) == 5


FRAGMENTS = st.sampled_from(
    [
        b"From: a@b\n",
        b"Subject: =?utf-8?b?",
        b"Content-Type: multipart/mixed; boundary=B\n",
        b"Content-Type: message/rfc822\n",
        b"Content-Type: text/html; charset=",
        b"Content-Type: text/plain; name*0*=\xff''%",
        b"Content-Disposition: attachment; filename=",
        b"Content-Transfer-Encoding: base64\n",
        b"Content-Transfer-Encoding: x-uuencode\nbegin 644 x\n",
        b"Message-ID: <",
        b"References: <a@b> <",
        b"Date: 99 ",
        b"\n\n",
        b"--B\n",
        b"--B--\n",
        b"\x00\xff\xed\xa0\x80",
        b"\r\n",
    ]
)


@settings(max_examples=400)
@given(st.lists(st.one_of(FRAGMENTS, st.binary(max_size=20)), max_size=25).map(b"".join))
def test_no_bytes_make_it_raise_or_unstorable(raw: bytes) -> None:
    mail = understood(raw)
    texts = [
        mail.identity,
        mail.message_id,
        mail.subject,
        mail.text,
        mail.in_reply_to,
        *mail.references,
        *mail.problems,
    ]
    texts += [mail.sender.name, mail.sender.address, *(file.filename for file in mail.attachments)]
    texts += [value for _, who in mail.recipients for value in (who.name, who.address)]
    texts += [file.content_type for file in mail.attachments]
    for text in texts:
        text.encode()
        assert "\x00" not in text
    assert 0 < len(mail.identity) <= 255
