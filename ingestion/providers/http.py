"""Calls of a provider's HTTP interface: one client per sync, timeouts, errors that say whether a retry helps."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, Protocol
from urllib.parse import urlsplit

from ingestion.conf import conf
from ingestion.providers.errors import (
    AccessRefusedError,
    MailboxMissingError,
    MailboxUnavailableError,
    PositionLostError,
    RejectedError,
)

LONGEST_WAIT_SECONDS = 3600.0


class Authorization(Protocol):
    """Gives the header that lets a request in."""

    def header(self, *, renewed: bool) -> str:
        """Return the value of Authorization; `renewed`: the one given before was refused."""


@dataclass(frozen=True)
class Fixed:
    """An authorization that never changes."""

    value: str = field(repr=False)

    def header(self, *, renewed: bool) -> str:
        """Return it; there is no other."""
        return self.value


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request."""

    method: str
    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    content: bytes | None = None
    accepts: tuple[int, ...] = (200,)
    """Statuses that are answers; all others are raised."""


class HttpApi:
    """A connection to one server."""

    def __init__(self, client: Any, authorization: Authorization) -> None:
        self._client, self._authorization = client, authorization

    def ask(self, call: Call) -> Any:
        """Return the response (httpx2.Response); a refused authorization is renewed once.

        Raises: one of providers.errors, by status; Retry-After is kept.
        """
        response = self._send(call, renewed=False)
        if response.status_code == 401 and 401 not in call.accepts:
            response = self._send(call, renewed=True)
        if response.status_code in call.accepts:
            return response
        raise error_of(_status(response), response.headers, what=f"{call.method} {urlsplit(call.url).path}")

    def _send(self, call: Call, *, renewed: bool) -> Any:
        import httpx2

        headers = {**call.headers, "Authorization": self._authorization.header(renewed=renewed)}
        try:
            return self._client.request(
                call.method, call.url, params=call.params or None, headers=headers, json=call.json, content=call.content
            )
        except (httpx2.TransportError, httpx2.InvalidURL) as error:
            message = f"{urlsplit(call.url).netloc}: {type(error).__name__}"
            raise MailboxUnavailableError(message) from error


@cache
def tls() -> ssl.SSLContext:
    """Return the trusted certificates; reading them takes 0.2 s, so once per process."""
    return ssl.create_default_context()


@contextmanager
def http_api(authorization: Authorization) -> Iterator[HttpApi]:
    """Open a client, with the run's correlation id in every request, and close it."""
    import httpx2

    with httpx2.Client(timeout=conf().http_timeout_seconds, verify=tls()) as client:
        yield HttpApi(client, authorization)


def _status(response: Any) -> int:
    """Return the status; Google says 403 for some of what others say by 429."""
    if response.status_code == 403 and b"ateLimitExceeded" in response.content:
        return 429
    return int(response.status_code)


def error_of(status: int, headers: Mapping[str, str], *, what: str) -> Exception:
    """Return the error that a status stands for."""
    message = f"{what}: HTTP {status}"
    if status in {401, 403}:
        return AccessRefusedError(message)
    if status == 404:
        return MailboxMissingError(message)
    if status == 410:
        return PositionLostError(message)
    if status == 429 or status >= 500:
        return MailboxUnavailableError(message, retry_after=retry_after(headers.get("retry-after"), datetime.now(UTC)))
    return RejectedError(message)


def retry_after(text: str | None, now: datetime) -> float | None:
    """Return the seconds of a Retry-After header, a number or a date (RFC 9110, 10.2.3), at most an hour."""
    if not text:
        return None
    if text.isascii() and text.strip().isdigit():
        return min(float(text), LONGEST_WAIT_SECONDS)
    try:
        wait = (parsedate_to_datetime(text) - now).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(wait, 0.0), LONGEST_WAIT_SECONDS)


def is_safe_for_passwords(url: str) -> bool:
    """Tell whether a password may go there: encrypted, or to this machine itself."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return True
    try:
        return parts.scheme == "http" and ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return parts.scheme == "http" and parts.hostname == "localhost"


def chunks(items: Iterable[str], size: int) -> Iterator[list[str]]:
    """Yield the items in lists of at most `size`."""
    everything = list(items)
    return (everything[at : at + size] for at in range(0, len(everything), size))
