"""Apprise against a real HTTP receiver, Resend's API against a double of it, and what their answers mean."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator

import pytest
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from notifications.channels import CHANNELS
from notifications.channels.apprise import masked
from notifications.channels.errors import DeliveryError
from notifications.channels.protocol import Outgoing


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer(host="127.0.0.1") as receiver:
        yield receiver


def refused(channel: str, message: Outgoing) -> DeliveryError:
    with CHANNELS[channel].opened() as line, pytest.raises(DeliveryError) as error:
        line.send(message)
    return error.value


def message(secret: str = "", *, html: str = "") -> Outgoing:
    return Outgoing(
        address="kim@home.example",
        title="A title",
        body="A body",
        message_id="<1@home.example>",
        html=html,
        secret=secret,
    )


def test_apprise_takes_a_message_to_its_service(server: HTTPServer) -> None:
    server.expect_request("/in", method="POST").respond_with_data("")
    with CHANNELS["apprise"].opened() as line:
        line.send(message(f"json://127.0.0.1:{server.port}/in"))
    sent = server.log[0][0].get_json()
    assert (sent["title"], sent["message"]) == ("A title", "A body")


@pytest.mark.parametrize(("status", "is_permanent"), [(500, False), (429, False), (401, True), (404, True)])
def test_apprise_tells_lasting_from_passing(
    status: int, is_permanent: bool, server: HTTPServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.expect_request("/in").respond_with_data("secret-in-answer", status=status)
    with caplog.at_level(logging.DEBUG):
        error = refused("apprise", message(f"json://:token-xyz@127.0.0.1:{server.port}/in"))
    assert (str(error), error.permanent, error.unanswered) == (f"{status} from the service", is_permanent, False)
    assert "token-xyz" not in caplog.text


def test_apprise_tells_a_lost_answer_from_a_closed_door() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"json://127.0.0.1:{silent.getsockname()[1]}/?rto=0.2&cto=0.2"
        assert refused("apprise", message(url)).unanswered
    error = refused("apprise", message(url))
    assert (str(error), error.unanswered) == ("the service can't be reached", False)


def test_a_url_apprise_does_not_know_is_refused_for_good_and_a_known_one_is_shown_masked() -> None:
    assert refused("apprise", message("nonsense://x")).permanent
    assert refused("apprise", message("")).permanent
    assert masked("nonsense://x") == ""
    shown = masked("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#ops")
    assert shown.startswith("slack://")
    assert "TIiajkdnlazkcOXrIdevi7FQ" not in shown


@pytest.fixture
def resend(settings: Settings, server: HTTPServer) -> HTTPServer:
    settings.EMAIL_BACKEND = "anymail.backends.resend.EmailBackend"
    settings.ANYMAIL = {"RESEND_API_KEY": "re_key", "RESEND_API_URL": server.url_for("/"), "REQUESTS_TIMEOUT": 0.5}
    return server


def test_resend_is_a_mail_back_end_like_any_other(resend: HTTPServer) -> None:
    resend.expect_request("/emails", headers={"Authorization": "Bearer re_key"}).respond_with_json({"id": "1"})
    with CHANNELS["email"].opened() as line:
        line.send(message(html="<p>A body</p>"))
    sent = resend.log[0][0].get_json()
    assert (sent["to"], sent["subject"], sent["text"], sent["html"]) == (
        ["kim@home.example"],
        "A title",
        "A body",
        "<p>A body</p>",
    )
    assert sent["headers"]["Message-ID"] == "<1@home.example>"


@pytest.mark.parametrize(("status", "is_permanent"), [(422, True), (403, True), (429, False), (500, False)])
def test_resends_status_tells_lasting_from_passing(status: int, is_permanent: bool, resend: HTTPServer) -> None:
    resend.expect_request("/emails").respond_with_json({"message": "no"}, status=status)
    error = refused("email", message())
    assert (error.permanent, error.unanswered) == (is_permanent, False)


def test_resend_that_does_not_answer_is_unanswered(resend: HTTPServer) -> None:
    resend.expect_request("/emails").respond_with_handler(lambda _: (_ for _ in ()).throw(ConnectionResetError))
    resend.stop()
    assert refused("email", message()).unanswered
    resend.start()
