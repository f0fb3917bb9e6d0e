"""The rules model on small mails: who wrote, what is asked, how much it matters, and that it is the same every time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from ingestion.llm.facts import AttachmentFacts, MailFacts
from ingestion.llm.rules.importance import Findings, weigh
from ingestion.llm.rules.model import RulesModel
from ingestion.llm.rules.reading import own_words, recognise
from ingestion.llm.verdict import Verdict

SENT = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)


def verdict_of(text: str, *, subject: str = "", sender: str = "kim@person.example", **more: Any) -> Verdict:
    facts = MailFacts(subject=subject, text=text, sent_at=SENT, sender_address=sender, **more)
    return RulesModel().classify(facts).value


@pytest.mark.parametrize(
    ("headers", "sender", "text"),
    [
        ({"auto-submitted": "auto-generated"}, "kim@person.example", "Hello"),
        ({"list-unsubscribe": "<https://a.example>"}, "kim@person.example", "Hello"),
        ({"list-id": "<a.example>"}, "kim@person.example", "Hello"),
        ({"precedence": "bulk"}, "kim@person.example", "Hello"),
        ({}, "no-reply@shop.example", "Hello"),
        ({}, "bounce+77@shop.example", "Hello"),
        ({}, "mailer-daemon@mx.example", "Hello"),
        ({}, "kim@person.example", "Diese E-Mail wurde automatisch erstellt."),
        ({}, "kim@person.example", "Pour vous désabonner, cliquez ici."),
        ({}, "rechnung@shop.example", "Ihre Rechnung ist da."),
    ],
)
def test_mail_of_machines_and_lists_is_automated(headers: dict[str, str], sender: str, text: str) -> None:
    assert verdict_of(text, sender=sender, headers=headers).is_automated


@pytest.mark.parametrize(
    ("headers", "sender", "text"),
    [
        ({}, "kim@person.example", "Please call me."),
        ({"auto-submitted": "no"}, "kim@person.example", "Hello"),
        ({}, "info@plumber.example", "We could come on Monday. Does that suit you?"),
        ({}, "reply@person.example", "Hello"),
    ],
)
def test_mail_of_people_is_not(headers: dict[str, str], sender: str, text: str) -> None:
    assert not verdict_of(text, sender=sender, headers=headers).is_automated


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("Hi Alex,\n\nCould you send me the report? It rained.", "Could you send me the report?"),
        ("Guten Tag,\n\nes regnet. Bitte rufen Sie mich an.\n\nViele Grüße\nKim", "Bitte rufen Sie mich an."),
        ("Bonjour,\n\nmerci de nous renvoyer la fiche.\n\nCordialement,\nKim", "merci de nous renvoyer la fiche."),
    ],
)
def test_what_is_asked_becomes_an_action_item_and_wants_an_answer(text: str, item: str) -> None:
    verdict = verdict_of(text)
    assert verdict.action_items == (item,)
    assert "answer" in verdict.labels


@pytest.mark.parametrize(
    "text",
    [
        "Please do not reply to this message.",
        "Bitte antworten Sie nicht auf diese E-Mail.",
        "N'hésitez pas à me contacter.",
        "Please find the invoice attached.",
    ],
)
def test_a_courtesy_is_no_request(text: str) -> None:
    assert verdict_of(text).action_items == ()


def test_a_request_with_a_near_deadline_is_important() -> None:
    verdict = verdict_of("Please send me the figures by Friday.")
    assert (verdict.importance, verdict.deadline) == ("high", date(2026, 11, 20))
    assert verdict.reasons == ("asks for something (+1)", "deadline 2026-11-20 (+2)")


def test_a_newsletter_is_of_low_importance_whatever_it_shouts() -> None:
    verdict = verdict_of(
        "URGENT! Please order by Friday!", subject="Last reminder", headers={"list-unsubscribe": "<https://a.example>"}
    )
    assert (verdict.importance, verdict.deadline, verdict.action_items) == ("low", None, ())
    assert verdict.labels == ("newsletter",)


def test_an_automatic_reply_wants_nothing() -> None:
    verdict = verdict_of(
        "I am out of the office. In urgent cases please call me at once.", headers={"auto-submitted": "auto-replied"}
    )
    assert (verdict.importance, verdict.action_items, verdict.is_automated) == ("low", (), True)


def test_own_mail_asks_its_owner_nothing() -> None:
    verdict = verdict_of("Please send me the figures by Friday.", is_own=True)
    assert (verdict.importance, verdict.action_items, verdict.deadline) == ("normal", (), None)


def test_a_deadline_may_stand_in_an_attachment_only() -> None:
    pdf = AttachmentFacts(name="a.pdf", content_type="application/pdf", text="Invoice 7\nDue date: 2026-12-01")
    assert verdict_of("Our invoice for the roof is attached.", attachments=(pdf,)).deadline == date(2026, 12, 1)


def test_quoted_mail_is_not_read_again() -> None:
    text = "Done.\n\nOn Monday, Kim <kim@person.example> wrote:\n> Please send it by Friday."
    verdict = verdict_of(text)
    assert (verdict.summary, verdict.action_items, verdict.deadline) == ("Done.", (), None)


def test_own_words_are_kept_when_there_is_nothing_but_a_signature_mark() -> None:
    assert own_words("-- \nKim") == "-- \nKim"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The report is on your desk and we are happy with it.", "en"),
        ("Der Bericht liegt auf dem Tisch und wir sind zufrieden.", "de"),
        ("Le rapport est sur la table et nous sommes contents.", "fr"),
    ],
)
def test_the_language_is_recognised(text: str, code: str) -> None:
    language, known = recognise(text)
    assert (language.code, known) == (code, True)


def test_an_unknown_language_is_admitted() -> None:
    verdict = verdict_of("Добрый день")
    assert verdict.reasons == ("no known language: judged by headers and address",)
    assert verdict.importance == "normal"


def test_a_mail_without_text_is_summarised_by_its_subject_or_files() -> None:
    files = (AttachmentFacts(name="liste.txt", content_type="text/plain"),)
    assert verdict_of("", subject="Scan").summary == "Scan"
    assert verdict_of("", attachments=files).summary == "liste.txt"
    assert verdict_of("").summary == ""


def test_a_summary_is_cut_at_a_word() -> None:
    summary = verdict_of("word " * 200 + ".").summary
    assert len(summary) <= 240
    assert summary.endswith("word…")


def test_the_same_mail_gets_the_same_verdict() -> None:
    text = "Please pay the overdue invoice by Friday. Could you confirm?"
    assert verdict_of(text) == verdict_of(text)


def test_hostile_text_is_read_in_bounded_time() -> None:
    verdict = verdict_of("by " * 50_000 + "a. " * 50_000, subject="(" * 1000)
    assert verdict.deadline is None


@pytest.mark.parametrize(
    ("found", "importance"),
    [
        ({}, "normal"),
        ({"asks": True}, "normal"),
        ({"asks": True, "deadline_on": date(2026, 12, 2)}, "high"),
        ({"asks": True, "deadline_on": date(2026, 12, 3)}, "normal"),
        ({"asks": True, "deadline_on": date(2026, 12, 2), "addressed": "list"}, "normal"),
        ({"is_urgent": True}, "high"),
        ({"is_urgent": True, "addressed": "copy"}, "normal"),
        ({"kind": "machine"}, "low"),
        ({"kind": "machine", "labels": frozenset({"invoice"})}, "normal"),
        ({"kind": "machine", "is_security": True}, "normal"),
        ({"kind": "machine", "is_security": True, "asks": True}, "high"),
        ({"kind": "machine", "is_overdue": True, "deadline_on": date(2026, 11, 20)}, "high"),
        ({"kind": "bulk", "is_urgent": True, "is_overdue": True}, "low"),
        ({"kind": "away", "is_urgent": True}, "low"),
        ({"is_own": True, "is_urgent": True}, "normal"),
        ({"is_marked_important": True, "deadline_on": date(2026, 11, 19)}, "high"),
    ],
)
def test_importance_is_the_sum_of_its_weights(found: dict[str, Any], importance: str) -> None:
    assert weigh(Findings(**{"sent_on": SENT.date(), "kind": "person", **found}))[0] == importance
