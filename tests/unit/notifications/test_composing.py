"""Notices in three languages, tones and lengths; every fact in them comes from the mail."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User

from ingestion.models import CalendarEvent, Classification, Mail, Todo
from notifications.composing import digest_of, important_mail
from notifications.composing.entries import event_line, mail_line, todo_line
from notifications.models import Delivery, Preference

pytestmark = pytest.mark.req("SW-9")
USER = User(username="alex", first_name="Alex", last_name="Meier")


def composed(
    *, mail: dict[str, Any] | None = None, found: dict[str, Any] | None = None, **wanted: str
) -> tuple[str, str]:
    sent = datetime(2026, 11, 20, 10, 15, tzinfo=UTC)
    facts: dict[str, Any] = {
        "subject": "Contract <page 7> & more",
        "sender_name": "Priya Nair",
        "sender_address": "priya@harbour.example",
        "sent_at": sent,
        **(mail or {}),
    }
    classification = Classification(
        **{
            "summary": "The contract is here.",
            "action_items": ["Please sign page 7."],
            "deadline": datetime(2026, 11, 25, 12, tzinfo=UTC),
            "deadline_is_day": True,
            **(found or {}),
        }
    )
    return important_mail(Mail(**facts), classification, user=USER, preference=Preference(**wanted))


def test_plain_english_by_default() -> None:
    title, body = composed()
    assert title == "Important: Contract <page 7> & more"
    assert body == (
        "Priya Nair wrote to you: Contract <page 7> & more\n"
        "Deadline: 25 November 2026\n\n"
        "The contract is here.\n\n"
        "Asked of you:\n- Please sign page 7.\n\n"
        "From: priya@harbour.example\nSent: 20 November 2026, 10:15 UTC"
    )


def test_short_says_who_what_and_by_when() -> None:
    assert composed(detail="short")[1] == (
        "Priya Nair wrote to you: Contract <page 7> & more\nDeadline: 25 November 2026"
    )


@pytest.mark.parametrize(
    ("language", "tone", "title", "opening", "closing"),
    [
        ("en", "warm", "Important: ", "Hi Alex,\n\nPriya Nair wrote to you", "All the best,\nDaybook"),
        ("en", "formal", "Important: ", "Dear Alex Meier,\n\nPriya Nair wrote to you", "Yours sincerely,\nDaybook"),
        ("de", "plain", "Wichtig: ", "Priya Nair hat dir geschrieben", "10:15 UTC"),
        ("de", "warm", "Wichtig: ", "Hallo Alex,\n\nPriya Nair hat dir geschrieben", "Liebe Grüße\nDaybook"),
        ("de", "formal", "Wichtig: ", "Guten Tag Alex Meier,\n\nPriya Nair hat Ihnen", "Grüßen\nDaybook"),
        ("fr", "plain", "Important : ", "Priya Nair t'a écrit", "10:15 UTC"),
        ("fr", "warm", "Important : ", "Salut Alex,\n\nPriya Nair t'a écrit", "À bientôt,\nDaybook"),
        ("fr", "formal", "Important : ", "Bonjour Alex Meier,\n\nPriya Nair vous a écrit", "Cordialement,\nDaybook"),
    ],
)
def test_language_and_tone_are_the_users(language: str, tone: str, title: str, opening: str, closing: str) -> None:
    given_title, body = composed(language=language, tone=tone)
    assert given_title == f"{title}Contract <page 7> & more"
    assert body.startswith(opening)
    assert body.endswith(closing)


@pytest.mark.parametrize(
    ("language", "line"),
    [("en", "Deadline: 25 November 2026"), ("de", "Frist: 25. November 2026"), ("fr", "Échéance : 25 novembre 2026")],
)
def test_a_day_is_written_as_the_language_does_and_is_the_same_day_in_every_zone(language: str, line: str) -> None:
    for zone in ("UTC", "Pacific/Auckland", "America/Los_Angeles"):
        assert line in composed(language=language, time_zone=zone)[1]


def test_an_hour_is_told_in_the_users_zone() -> None:
    found: dict[str, Any] = {"deadline": datetime(2026, 11, 25, 16, 0, tzinfo=UTC), "deadline_is_day": False}
    body = composed(language="de", time_zone="Europe/Berlin", found=found)[1]
    assert "Frist: 25. November 2026, 17:00 CET" in body


@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_what_the_mail_does_not_say_is_left_out(language: str) -> None:
    nothing = {"subject": "", "sender_name": "", "sender_address": ""}
    found: dict[str, Any] = {"summary": "", "action_items": [], "deadline": None}
    title, body = composed(mail=nothing, found=found, language=language)
    told = f"{title}\n{body}"
    assert "None" not in told
    assert "Nair" not in told
    assert not {"Deadline", "Frist", "Échéance", "- "} & set(body.replace(":", " ").split())


def test_a_subject_over_several_lines_stays_one_line_and_a_long_one_is_cut() -> None:
    title, _ = composed(mail={"subject": "one\r\nBcc: all@firm.example\n" + "x" * 900})
    assert "\n" not in title
    assert len(title) == 200
    assert title.startswith("Important: one Bcc: all@firm.example xxx")


@pytest.mark.parametrize(
    ("language", "tone", "greeting", "leave"),
    [
        ("en", "formal", "Dear Alex Meier,", "Yours sincerely,"),
        ("de", "formal", "Guten Tag Alex Meier,", "Mit freundlichen Grüßen"),
        ("fr", "warm", "Salut Alex,", "À bientôt,"),
        ("de", "plain", "", ""),
    ],
)
def test_a_digest_greets_and_takes_leave_once(language: str, tone: str, greeting: str, leave: str) -> None:
    parts = [
        Delivery(title=title, body=body)
        for title, body in (composed(language=language, tone=tone, mail={"subject": each}) for each in ("One", "Two"))
    ]
    body = digest_of(parts, user=USER, preference=Preference(language=language, tone=tone)).body
    assert body.count("\nPriya Nair ") == body.count("10:15 UTC") == 2
    if greeting:
        assert (body.count(greeting), body.count(leave), body.count("\nDaybook")) == (1, 1, 1)
        assert (body.startswith(greeting), body.endswith("Daybook")) == (True, True)


@pytest.mark.parametrize(
    ("language", "mail", "todo", "event"),
    [
        ("en", "Lee: Plan", "Pay (by 25 November 2026)", "all day: Fair"),
        ("de", "Lee: Plan", "Pay (bis 25. November 2026)", "ganztägig: Fair"),
        ("fr", "Lee : Plan", "Pay (pour le 25 novembre 2026)", "toute la journée : Fair"),
    ],
)
def test_one_line_entries_are_written_as_the_language_does(language: str, mail: str, todo: str, event: str) -> None:
    preference, noon = Preference(language=language), datetime(2026, 11, 25, 12, tzinfo=UTC)
    assert mail_line(Mail(sender_name="Lee", subject="Plan"), preference) == mail
    assert todo_line(Todo(text="Pay", due_at=noon, due_is_day=True), preference) == todo
    fair = CalendarEvent(title="Fair", is_all_day=True, starts_at=noon, ends_at=noon)
    assert event_line(fair, preference, day=noon.date()) == event
