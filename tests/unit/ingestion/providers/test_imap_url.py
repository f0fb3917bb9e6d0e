"""Addresses of IMAP mailboxes."""

from __future__ import annotations

import pytest

from ingestion.providers.imap_url import parse_imap_url


@pytest.mark.parametrize(
    ("url", "location", "folder", "password"),
    [
        ("imaps://anna:pw@mail.x.org/INBOX", "imaps://anna@mail.x.org:993/INBOX", "", "pw"),
        ("imaps://anna:pw@mail.x.org", "imaps://anna@mail.x.org:993/INBOX", "", "pw"),
        ("imap://anna@127.0.0.1:1143/", "imap://anna@127.0.0.1:1143/INBOX", "", ""),
        ("imaps://a%40x.org:p%3Aw%2F@h/Old%20Mail", "imaps://a%40x.org@h:993/Old%20Mail", "Old Mail", "p:w/"),
        ("imaps://a:p@[::1]:99/x", "imaps://a@[::1]:99/x", "x", "p"),
    ],
)
def test_a_url_is_taken_apart_and_its_location_has_no_password(
    url: str, location: str, folder: str, password: str
) -> None:
    mailbox, secret = parse_imap_url(url)
    assert (mailbox.location, mailbox.folder, secret) == (location, folder, password)
    assert parse_imap_url(location)[0] == mailbox


@pytest.mark.parametrize(
    "url", ["http://a:secret@h", "imaps://h", "imaps://:secret@h", "imaps://a:secret@h:x/", "imaps://a:secret@[h"]
)
def test_a_bad_url_is_refused_without_quoting_it(url: str) -> None:
    with pytest.raises(ValueError, match=r"IMAP URL") as refusal:
        parse_imap_url(url)
    assert "secret" not in str(refusal.value)
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None


@pytest.mark.parametrize(
    ("host", "expected"), [("127.0.0.1", True), ("localhost", True), ("[::1]", True), ("x.org", False)]
)
def test_only_this_machine_may_be_spoken_to_unencrypted(host: str, expected: bool) -> None:
    assert parse_imap_url(f"imap://a@{host}/")[0].is_loopback is expected
