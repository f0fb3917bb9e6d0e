"""Posts to URLs that people typed in: a listener on loopback gets no visit, however the URL is written."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from notifications.channels import CHANNELS
from notifications.channels.errors import DeliveryError, RefusedForGoodError, UnansweredError
from notifications.channels.protocol import Outgoing
from notifications.channels.signing import new_secret
from notifications.outside.post import post

from .receivers import Canary, listening_canary

OTHER = "127.0.0.2"
"""Stands for a public address: the operator allows it alone."""

DISGUISES = [
    "http://127.0.0.1:{port}/",
    "http://localhost:{port}/",
    "http://localhost.:{port}/",
    "http://LOCALHOST:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f000001:{port}/",
    "http://017700000001:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://0x7f.1:{port}/",
    "http://127.1:{port}/",
    "http://0:{port}/",
    "http://0.0.0.0:{port}/",
    "http://[::1]:{port}/",
    "http://[::]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[0:0:0:0:0:0:0:1]:{port}/",
    "http://[::1%25lo]:{port}/",
    "http://user@127.0.0.1:{port}/",
    "http://example.org@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}\\@example.org/",
    "http://①②⑦.⓪.⓪.①:{port}/",
    "https://127.0.0.1:{port}/",
    "ftp://127.0.0.1:{port}/",
]


@pytest.fixture
def canary() -> Iterator[Canary]:
    with listening_canary() as listener:
        yield listener


@pytest.fixture
def receiver(settings: Settings) -> Iterator[HTTPServer]:
    settings.DAYBOOK_NOTIFICATIONS = {"webhook_networks": [f"{OTHER}/32"], "webhook_timeout_seconds": 0.5}
    with HTTPServer(host=OTHER) as server:
        yield server


def answers(monkeypatch: pytest.MonkeyPatch, *lookups: list[str]) -> list[str]:
    """Let one name resolve to these addresses, lookup by lookup; returns the list of what was looked up."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def look_up(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host != "hooks.example":
            return real(host, port, *args, **kwargs)
        asked.append(host)
        found = lookups[min(len(asked), len(lookups)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


@pytest.mark.parametrize("url", DISGUISES, ids=range(len(DISGUISES)))
def test_loopback_is_never_visited_however_it_is_written(url: str, canary: Canary) -> None:
    with pytest.raises(DeliveryError):
        post(url.format(port=canary.port), b"{}", headers={}, timeout_seconds=1)
    assert canary.visits == []


def test_a_name_with_one_private_address_among_public_ones_is_refused(
    canary: Canary, receiver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, [OTHER, "127.0.0.1"])
    with pytest.raises(RefusedForGoodError, match=r"127\.0\.0\.1 is not a public address"):
        post(f"http://hooks.example:{canary.port}/", b"{}", headers={}, timeout_seconds=1)
    assert canary.visits == []


def test_a_name_is_looked_up_once_so_that_a_second_answer_gains_nothing(
    canary: Canary, receiver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answers(monkeypatch, [OTHER], ["127.0.0.1"])
    receiver.expect_request("/in", headers={"Host": f"hooks.example:{receiver.port}"}).respond_with_data("ok")
    answer = post(f"http://hooks.example:{receiver.port}/in", b"{}", headers={}, timeout_seconds=5)
    assert (answer.status, answer.text, asked, canary.visits) == (200, "ok", ["hooks.example"], [])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int, canary: Canary, receiver: HTTPServer) -> None:
    place = {"Location": f"http://127.0.0.1:{canary.port}/"}
    receiver.expect_request("/in").respond_with_data("", status=status, headers=place)
    answer = post(receiver.url_for("/in"), b"{}", headers={}, timeout_seconds=5)
    assert (answer.status, canary.visits) == (status, [])


def test_a_receiver_that_drips_is_left_when_the_time_is_up(receiver: HTTPServer) -> None:
    with socket.create_server((OTHER, 0)) as listener:
        done = threading.Event()

        def drip() -> None:
            stream, _ = listener.accept()
            with stream:
                stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
                try:
                    while not done.wait(0.05):
                        stream.sendall(b".")
                except OSError:
                    done.set()

        threading.Thread(target=drip, daemon=True).start()
        url = f"http://{OTHER}:{listener.getsockname()[1]}/"
        answer = post(url, b"{}", headers={}, timeout_seconds=0.5)
        assert answer.status == 200
        assert done.wait(10), "it went on after we had left"


def test_the_time_is_for_all_addresses_together(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DAYBOOK_NOTIFICATIONS = {"webhook_networks": ["127.0.0.2/31"]}
    answers(monkeypatch, [OTHER, "127.0.0.3"])
    with ExitStack() as open_until_the_end:
        full = open_until_the_end.enter_context(socket.create_server((OTHER, 0), backlog=0))
        port = full.getsockname()[1]
        second = open_until_the_end.enter_context(socket.create_server(("127.0.0.3", port)))
        for _ in range(2):
            waiting = open_until_the_end.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex((OTHER, port))
        with pytest.raises(DeliveryError, match="no connection: TimeoutError: timed out"):
            post(f"http://hooks.example:{port}/", b"{}", headers={}, timeout_seconds=0.3)
        second.setblocking(False)
        with pytest.raises(BlockingIOError):
            second.accept()


def test_silence_after_the_request_is_unanswered_and_no_connection_is_not(receiver: HTTPServer) -> None:
    with socket.create_server((OTHER, 0)) as silent:
        url = f"http://{OTHER}:{silent.getsockname()[1]}/"
        with pytest.raises(UnansweredError):
            post(url, b"{}", headers={}, timeout_seconds=0.2)
    with pytest.raises(DeliveryError) as refused:
        post(url, b"{}", headers={}, timeout_seconds=0.2)
    assert not refused.value.unanswered


@pytest.mark.parametrize(
    ("status", "is_permanent", "told"),
    [
        (500, False, "500 busy"),
        (429, False, "429 busy"),
        (404, False, "404 busy"),
        (410, True, "410 the receiver is gone"),
    ],
)
def test_what_a_receiver_answers_decides(status: int, is_permanent: bool, told: str, receiver: HTTPServer) -> None:
    receiver.expect_request("/in").respond_with_data("busy", status=status, headers={"Retry-After": "120"})
    with CHANNELS["webhook"].opened() as line, pytest.raises(DeliveryError) as refused:
        line.send(webhook(receiver.url_for("/in")))
    assert (str(refused.value), refused.value.permanent) == (told, is_permanent)
    assert is_permanent or refused.value.retry_after == 120


@pytest.mark.parametrize(("asked", "heard"), [("9" * 100, int("9" * 100)), ("9" * 5000, None), ("²", None), ("", None)])
def test_what_a_receiver_asks_for_is_a_number_or_nothing(asked: str, heard: int | None, receiver: HTTPServer) -> None:
    receiver.expect_request("/in").respond_with_data("busy", status=503, headers={"Retry-After": asked})
    with CHANNELS["webhook"].opened() as line, pytest.raises(DeliveryError) as refused:
        line.send(webhook(receiver.url_for("/in")))
    assert (str(refused.value), refused.value.retry_after) == ("503 busy", heard)


def test_a_webhook_carries_id_time_and_signature(receiver: HTTPServer) -> None:
    receiver.expect_request("/in", method="POST").respond_with_data("")
    with CHANNELS["webhook"].opened() as line:
        line.send(webhook(receiver.url_for("/in")))
    request = receiver.log[0][0]
    assert request.headers["webhook-id"] == "daybook.delivery.abc"
    assert request.headers["webhook-signature"].startswith("v1,")
    assert (request.content_type, json.loads(request.data)) == ("application/json", {"type": "run.success"})


def webhook(url: str) -> Outgoing:
    return Outgoing(
        address=url,
        title="",
        body='{"type": "run.success"}',
        message_id="<daybook.delivery.abc@home.example>",
        secret=new_secret(),
    )
