"""Signatures of broker messages: HMAC-SHA-256 over id, task name and body, keys rotate; pure.

Foreign clients that share a key sign the same way; see docs/going_to_production.md.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

HEADER = "daybook-signature"


def sign(task_id: str, name: str, body: bytes, *, keys: Sequence[str]) -> str:
    """Return the signature with the newest key, in hex."""
    return _signature(task_id, name, body, keys[0])


def is_signed(signature: object, task_id: str, name: str, body: bytes, *, keys: Sequence[str]) -> bool:
    """Whether `signature` was made with one of the keys."""
    if not isinstance(signature, str):
        return False
    return any(hmac.compare_digest(signature.encode(), _signature(task_id, name, body, k).encode()) for k in keys)


def _signature(task_id: str, name: str, body: bytes, key: str) -> str:
    envelope = b"\x00".join((task_id.encode(), name.encode(), body))
    return hmac.new(key.encode(), envelope, hashlib.sha256).hexdigest()
