"""Verifies that a push comes from Google: a token signed by one of its published keys, for us, by our account."""

from __future__ import annotations

import threading
import time
from typing import Any

import structlog

from ingestion.conf import conf
from ingestion.providers.http import tls

ISSUERS = ["https://accounts.google.com", "accounts.google.com"]
KEYS_GOOD_SECONDS = 3600.0
# A token that names an unknown key lets nobody make us ask for the keys all the time.
PAUSE_SECONDS = 30.0
LEEWAY_SECONDS = 10.0
# Whoever knocks waits while the keys are fetched: that must not hold up the web process.
FETCH_SECONDS = 5.0
GMAIL_HOOK = "/api/v1/hooks/gmail"

log = structlog.get_logger(__name__)


class NotGoogleError(Exception):
    """The token doesn't prove that our push subscription sent it."""


class PublishedKeys:
    """The keys at an address, by their ids; asked for when one is unknown or they are old."""

    def __init__(self, url: str) -> None:
        self._url, self._lock = url, threading.Lock()
        self._keys: dict[str, Any] = {}
        self._asked_at: float | None = None

    def key(self, name: str) -> Any:
        """Return the key of that id (RFC 7517).

        Raises: NotGoogleError when none has it, or none could be fetched.
        """
        with self._lock:
            age = None if self._asked_at is None else time.monotonic() - self._asked_at
            if age is None or age > (PAUSE_SECONDS if name not in self._keys else KEYS_GOOD_SECONDS):
                self._asked_at = time.monotonic()
                self._keys = self._fetched() or self._keys
            if name not in self._keys:
                raise NotGoogleError("signed by an unknown key")
            return self._keys[name]

    def _fetched(self) -> dict[str, Any]:
        import httpx2
        import jwt

        try:
            answer = httpx2.get(self._url, timeout=FETCH_SECONDS, verify=tls())
            answer.raise_for_status()
            return {str(key.key_id): key for key in jwt.PyJWKSet.from_dict(answer.json()).keys}
        except (httpx2.HTTPError, ValueError, jwt.PyJWTError) as error:
            log.warning("keys not fetched", error=type(error).__name__)
            return {}


_published: dict[str, PublishedKeys] = {}


def verify_push_token(token: str) -> None:
    """Return when the token is good: RS256, our audience, in time, of the service account that we were told.

    Raises: NotGoogleError; also while GOOGLE_PUSH_ACCOUNT or the audience isn't set.
    """
    import jwt

    current = conf()
    audience = current.google_push_audience or (current.push_url and current.push_url.rstrip("/") + GMAIL_HOOK)
    if not current.google_push_account or not audience:
        raise NotGoogleError("pushes of Gmail are not set up")
    keys = _published.setdefault(current.google_keys_url, PublishedKeys(current.google_keys_url))
    try:
        claims = jwt.decode(
            token,
            keys.key(str(jwt.get_unverified_header(token).get("kid", ""))),
            algorithms=["RS256"],
            audience=audience,
            issuer=ISSUERS,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "iat", "aud", "iss"]},
        )
    except jwt.PyJWTError as error:
        raise NotGoogleError(type(error).__name__) from None
    if claims.get("email_verified") is not True or claims.get("email") != current.google_push_account:
        raise NotGoogleError("signed for another account")
