"""Posts to a URL that a person typed in: resolved once, connected to that very address, no redirects, bounded in time.

The name is looked up once and the connection made to the address that was checked, so that DNS rebinding gains nothing.
One time limit holds from the first address tried to the end of the answer; how long a lookup takes is the resolver's.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from ingestion.providers.http import tls
from notifications.channels.errors import DeliveryError, RefusedForGoodError, UnansweredError
from notifications.conf import conf
from notifications.outside.guard import ForbiddenAddressError, Target, check_address, target_of

LONGEST_ANSWER = 4096


@dataclass(frozen=True)
class Response:
    """What came back."""

    status: int
    text: str
    """The beginning of the body."""
    retry_after: str = ""


def post(url: str, body: bytes, *, headers: Mapping[str, str], timeout_seconds: float) -> Response:
    """Post `body` and return the answer, whatever its status; a redirect is an answer too.

    Raises: RefusedForGoodError when the URL leads where it may not, DeliveryError when nothing was sent,
    UnansweredError when it was and no answer came.
    """
    try:
        target = target_of(url)
    except ForbiddenAddressError as error:
        raise RefusedForGoodError(str(error)) from None
    deadline = time.monotonic() + timeout_seconds
    stream = _connected(target, deadline)
    with _ended_at(deadline, stream):
        _shake_hands(stream)
        connection = http.client.HTTPConnection(target.host, target.port)
        connection.sock = stream
        try:
            connection.request("POST", target.path, body=body, headers={"Host": target.authority, **headers})
            answer = connection.getresponse()
            text = answer.read(LONGEST_ANSWER).decode("utf-8", "replace")
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise UnansweredError(f"no answer: {_told(error)}") from error
        return Response(answer.status, text, answer.headers.get("Retry-After", ""))


def _connected(target: Target, deadline: float) -> socket.socket:
    failure: Exception = OSError("the name has no address")
    for family, address in _addresses(target):
        raw = socket.socket(family, socket.SOCK_STREAM)
        try:
            raw.settimeout(_left(deadline))
            raw.connect((address, target.port))
            raw.settimeout(_left(deadline))
            return _secured(raw, target)
        except OSError as error:
            raw.close()
            failure = error
    raise DeliveryError(f"no connection: {_told(failure)}")


def _addresses(target: Target) -> list[tuple[socket.AddressFamily, str]]:
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DeliveryError(f"the name can't be resolved: {error}") from error
    allowed = conf().allowed_networks()
    try:
        return [(family, str(check_address(str(where[0]), allowed=allowed))) for family, _, _, _, where in found]
    except ForbiddenAddressError as error:
        raise RefusedForGoodError(str(error)) from None


def _left(deadline: float) -> float:
    """Return the seconds that are left, for all addresses together. Raises: TimeoutError when there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left


def _secured(raw: socket.socket, target: Target) -> socket.socket:
    if target.scheme == "http":
        return raw
    return tls().wrap_socket(raw, server_hostname=target.host, do_handshake_on_connect=False)


def _shake_hands(stream: socket.socket) -> None:
    if isinstance(stream, ssl.SSLSocket):
        try:
            stream.do_handshake()
        except (OSError, ValueError) as error:
            raise DeliveryError(f"no secure connection: {_told(error)}") from error


@contextmanager
def _ended_at(deadline: float, stream: socket.socket) -> Iterator[None]:
    """Shut the connection when the time is up; a timeout per read would let a slow sender hold it for ever."""

    def end() -> None:
        with suppress(OSError):
            socket.socket.shutdown(stream, socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, deadline - time.monotonic()), end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        stream.close()


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")
