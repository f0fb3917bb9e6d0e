"""Notices in a model's words, over real HTTP: taken where they are faithful, else the template's, and never late."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User

from ingestion.models import LLMCall
from jobs.testing import drain
from notifications.models import Preference, Signal
from notifications.tasks import commitment_reminders, send_notifications
from tests.doubles.language_model import KEY, ModelServer
from tests.doubles.server import Reply

from .calendars import todo_of
from .conftest import MailMaker, MailServer

pytestmark = [pytest.mark.django_db, pytest.mark.req("SW-9", "SW-4")]
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
DRAFT = "You promised: Send the contract\nDue: 22 November 2026, 14:00 UTC"
GOOD = "Hi Kim,\n\na small reminder: you promised to send the contract. It is due on 22 November 2026, 14:00 UTC."


@pytest.fixture
def server(settings: Any) -> Iterator[ModelServer]:
    with ModelServer() as running:
        running.say = lambda _: {"text": GOOD}
        settings.DAYBOOK_INGESTION = {
            **settings.DAYBOOK_INGESTION,
            "llm_model": "openai:m",
            "llm_base_url": f"{running.url}/v1",
            "llm_api_key": KEY,
        }
        settings.DAYBOOK_NOTIFICATIONS = {**settings.DAYBOOK_NOTIFICATIONS, "wording_seconds": 60.0}
        yield running


@pytest.fixture
def kim() -> User:
    user = User.objects.create_user("kim", email="kim@home.example", first_name="Kim")
    Preference.objects.create(user=user, tone="warm")
    todo_of(user, "Send the contract", NOW + timedelta(hours=5), is_promise=True)
    return user


@pytest.fixture
def remind() -> Callable[[], Signal]:
    def act() -> Signal:
        with time_machine.travel(NOW, tick=False):
            assert commitment_reminders()["told"] == 1
        return Signal.objects.latest("pk")

    return act


@pytest.fixture
def unanswering_port() -> Iterator[int]:
    """Take connections and never say a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_the_model_words_a_notice_in_the_readers_tone_and_the_mail_says_the_same(
    server: ModelServer, kim: User, remind: Callable[[], Signal], mail_server: MailServer
) -> None:
    signal = remind()
    assert (signal.title, signal.body) == ("Due: Send the contract", GOOD)
    assert (signal.worded_by, signal.wording_note) == ("openai:m", "")
    call = LLMCall.objects.get()
    assert (call.purpose, call.outcome, call.owner, call.tokens_in) == ("word_notice", "ok", kim, 1000)
    (prompt,) = server.prompts
    assert "in\nEnglish" in prompt
    assert "Tone: warm" in prompt
    assert DRAFT in prompt
    with time_machine.travel(NOW, tick=False):
        assert send_notifications()["sent"] == 1
    (mail,) = mail_server.accepted
    parts = [part.get_payload(decode=True).decode() for part in mail.walk() if not part.is_multipart()]  # type: ignore[union-attr]
    assert ["a small reminder" in part for part in parts] == [True, True]


@pytest.mark.parametrize(
    "case",
    [
        ({"text": GOOD.replace("14:00", "15:00")}, "invented: 15:00 utc; left out: 14:00", "nonsense"),
        ({"text": GOOD.replace("to send", "Bob to send")}, "invented: bob", "nonsense"),
        ({"text": f"{GOOD} It costs 20 francs."}, "invented: 20 francs", "nonsense"),
        ({"text": "Kim, send the contract soon."}, "left out: 22; left out: november", "nonsense"),
        ({"text": f"{GOOD} See https://evil.example/pay"}, "invented: https://evil.example/pay", "nonsense"),
        ({"text": " \n"}, "NonsenseError: the text is empty", "nonsense"),
        ("I am sorry, Dave.", "NonsenseError", "nonsense"),
        (Reply(503, {"error": {"message": "busy"}}), "ModelUnavailableError: HTTP 503", "error"),
        (Reply(404, {"error": {"message": "no such model"}}), "ModelRefusedError: HTTP 404", "error"),
    ],
)
def test_where_the_model_invents_or_fails_the_templates_words_stand_and_it_is_recorded(
    server: ModelServer, kim: User, remind: Callable[[], Signal], case: tuple[Any, str, str]
) -> None:
    said, note, outcome = case
    server.say = lambda _: said
    signal = remind()
    assert signal.body == f"Hi Kim,\n\n{DRAFT}\n\nAll the best,\nDaybook"
    assert signal.worded_by == ""
    assert note in signal.wording_note
    call = LLMCall.objects.get()
    assert call.outcome == outcome
    assert "15:00" not in call.error


def test_a_model_that_never_answers_is_left_after_a_while(
    server: ModelServer, kim: User, remind: Callable[[], Signal], settings: Any, unanswering_port: int
) -> None:
    settings.DAYBOOK_NOTIFICATIONS = {**settings.DAYBOOK_NOTIFICATIONS, "wording_seconds": 0.3}
    settings.DAYBOOK_INGESTION = {
        **settings.DAYBOOK_INGESTION,
        "llm_base_url": f"http://127.0.0.1:{unanswering_port}/v1",
    }
    signal = remind()
    assert signal.worded_by == ""
    assert "ModelUnavailableError" in signal.wording_note


def test_a_run_asks_a_failing_model_twice_then_tells_the_rest_by_template(server: ModelServer, kim: User) -> None:
    server.say = lambda _: Reply(503, {"error": {"message": "busy"}})
    for number in range(3):
        todo_of(kim, f"Thing {'abc'[number]}", NOW + timedelta(hours=6 + number))
    with time_machine.travel(NOW, tick=False):
        commitment_reminders.delay()
        drain()
    assert len(server.requests) == LLMCall.objects.count() == 2
    notes = Signal.objects.order_by("pk").values_list("wording_note", flat=True)
    assert ["HTTP 503" in note for note in notes] == [True, True, False, False]
    assert set(notes[2:]) == {"the run has waited for the model long enough"}


def test_a_slow_model_is_not_waited_for_beyond_the_runs_share(server: ModelServer, kim: User, settings: Any) -> None:
    settings.DAYBOOK_NOTIFICATIONS = {**settings.DAYBOOK_NOTIFICATIONS, "wording_seconds_a_run": 0.000_1}
    todo_of(kim, "Another thing", NOW + timedelta(hours=6))
    with time_machine.travel(NOW):
        commitment_reminders.delay()
        drain()
    assert len(server.requests) == 1
    assert Signal.objects.count() == 2


def test_a_spent_budget_costs_the_reader_nothing(
    server: ModelServer, kim: User, remind: Callable[[], Signal], settings: Any
) -> None:
    settings.DAYBOOK_INGESTION = {**settings.DAYBOOK_INGESTION, "llm_daily_tokens": 10}
    with time_machine.travel(NOW, tick=False):
        LLMCall.objects.create(owner=kim, model="m", purpose="classify_mail", tokens_in=11)
    signal = remind()
    assert "BudgetSpentError" in signal.wording_note
    assert server.requests == []


@pytest.mark.parametrize("switched_off_by", ["rules", "setting", "a wrong name"])
def test_without_a_model_that_writes_nothing_is_asked(
    server: ModelServer, kim: User, remind: Callable[[], Signal], settings: Any, switched_off_by: str
) -> None:
    if switched_off_by == "setting":
        settings.DAYBOOK_NOTIFICATIONS = {**settings.DAYBOOK_NOTIFICATIONS, "notices_by_model": False}
    else:
        model = "rules" if switched_off_by == "rules" else "openia:m"
        settings.DAYBOOK_INGESTION = {**settings.DAYBOOK_INGESTION, "llm_model": model}
    signal = remind()
    assert (signal.worded_by, server.requests, LLMCall.objects.count()) == ("", [], 0)
    assert signal.wording_note.startswith("UnknownModelError") is (switched_off_by == "a wrong name")


def test_who_knows_already_costs_no_call(server: ModelServer, new_mail: MailMaker, mail_server: MailServer) -> None:
    server.say = lambda _: {"text": "nonsense about Bob"}
    new_mail("kim")
    for _ in range(3):
        send_notifications()
    assert len(server.requests) == 1
