"""Signs webhooks as Standard Webhooks 1.0 says (standardwebhooks.com): id, time and body under an HMAC-SHA256."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime

PREFIX = "whsec_"
SECRET_BYTES = 24


def new_secret() -> str:
    """Return a fresh signing secret."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signature(secret: str, *, message_id: str, at: datetime, body: bytes) -> str:
    """Return the value of the header webhook-signature.

    Raises: ValueError when the secret is malformed.
    """
    key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    signed = b".".join([message_id.encode(), str(int(at.timestamp())).encode(), body])
    return f"v1,{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}"


def headers(secret: str, *, message_id: str, at: datetime, body: bytes) -> Mapping[str, str]:
    """Return the headers of a signed webhook."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature(secret, message_id=message_id, at=at, body=body),
    }
