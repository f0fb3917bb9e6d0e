"""Which headers are kept with a mail, and in what form."""

from __future__ import annotations

from email import message_from_bytes

from ingestion.sending_headers import sending_headers


def test_only_headers_that_tell_how_a_mail_was_sent_are_kept_by_lower_case_name() -> None:
    message = message_from_bytes(b"LIST-ID: a\n <b>\nSubject: x\nX-Priority: 1\nlist-id: second\n\ntext")
    assert sending_headers(message) == {"list-id": "a <b>", "x-priority": "1"}


def test_a_value_is_printable_and_of_bounded_length() -> None:
    message = message_from_bytes(b"Precedence: bulk\xff\x00\x07\nImportance: " + b"h" * 5000 + b"\n\n")
    kept = sending_headers(message)
    assert kept["precedence"].startswith("bulk")
    assert kept["precedence"].isprintable()
    assert len(kept["importance"]) == 200
