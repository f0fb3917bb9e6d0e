"""Signatures are those of Standard Webhooks; the first values are the specification's own example."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from notifications.channels.signing import headers, new_secret, signature

AT = datetime.fromtimestamp(1614265330, tz=UTC)


def test_the_specifications_example_comes_out() -> None:
    found = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        at=AT,
        body=b'{"test": 2432232314}',
    )
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_fresh_secret_signs_and_each_part_counts() -> None:
    secret = new_secret()
    signed = {
        signature(each, message_id=message_id, at=at, body=body)
        for each in (secret, new_secret())
        for message_id in ("a", "b")
        for at in (AT, datetime.fromtimestamp(1614265331, tz=UTC))
        for body in (b"x", b"y")
    }
    assert len(signed) == 16
    assert headers(secret, message_id="a", at=AT, body=b"x")["webhook-timestamp"] == "1614265330"


def test_a_malformed_secret_is_refused() -> None:
    with pytest.raises(ValueError, match=r"base64|padding"):
        signature("whsec_not base64!", message_id="a", at=AT, body=b"")
