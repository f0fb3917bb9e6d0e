"""What the rules make of a thread: own words of its mails, its tone, a draft with gaps, what is left to do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from ingestion.llm.facts import MailFacts, ThreadFacts
from ingestion.llm.review import ASPECTS, Aspect, FoundFact, FoundTask, Review
from ingestion.llm.rules.model import RulesModel

pytestmark = pytest.mark.req("PW-2")
SENT = datetime(2026, 11, 18, 9, tzinfo=UTC)  # a Wednesday


def mail(text: str, *, hours: int = 0, **more: Any) -> MailFacts:
    given = {"subject": "Roof", "sender_name": "Bob", "sender_address": "bob@x.org", **more}
    return MailFacts(text=text, sent_at=SENT + timedelta(hours=hours), **given)


def review(*mails: MailFacts, aspects: frozenset[Aspect] = frozenset(ASPECTS)) -> Review:
    thread = ThreadFacts(subject="Roof", mails=mails, owner_name="Anna Keller")
    return RulesModel().review(thread, aspects=aspects).value


def test_a_question_becomes_a_task_with_its_day_a_fact_and_a_draft() -> None:
    found = review(mail("Hello Anna,\n\ncould you send me the plans by Friday? They are for the roof.\n\nBob"))
    text = "could you send me the plans by Friday?"
    assert found.tasks == (FoundTask(text=text, due=date(2026, 11, 20)),)
    assert found.facts == (FoundFact(text=text, kind="date", importance=0.5),)
    assert found.draft_reply == (
        "Hello Bob,\n\nthank you for your mail. On what you asked:\n\n"
        "> could you send me the plans by Friday?\n[your answer]\n\nBest regards\nAnna Keller"
    )
    assert found.summary.startswith("could you send me the plans by Friday?")


def test_what_the_owner_answered_is_done_and_what_she_promised_is_not() -> None:
    asked = mail("Could you send me the plans?")
    promised = mail("Hi Bob,\n\nI will send you the plans tomorrow.\n\nAnna", hours=1, is_own=True)
    found = review(asked, promised)
    assert found.tasks == (
        FoundTask(text="I will send you the plans tomorrow.", is_promise=True, due=date(2026, 11, 19)),
    )
    assert found.draft_reply == ""


@pytest.mark.parametrize(
    ("text", "sentiment"),
    [
        ("Thank you so much, the plans are perfect.", "positive"),
        ("Ich bin sehr enttäuscht, die Lieferung war leider falsch.", "negative"),
        ("La réunion est à dix heures dans la salle du bas.", "neutral"),
    ],
)
def test_the_tone_is_that_of_what_others_wrote(text: str, sentiment: str) -> None:
    own = mail("I am angry. This is terrible and unacceptable.", hours=1, is_own=True)
    assert review(mail(text), own).sentiment == sentiment


@pytest.mark.parametrize(
    ("text", "headers", "category"),
    [
        ("Your invoice 7 is attached. The amount due is EUR 5.00.", {}, "finance"),
        ("Big news! Unsubscribe here.", {"list-unsubscribe": "<https://x.org>"}, "newsletter"),
        ("See you at the lake.", {}, "other"),
    ],
)
def test_the_category_is_one_of_few_words(text: str, headers: dict[str, str], category: str) -> None:
    assert review(mail(text, headers=headers)).category == category


@pytest.mark.parametrize("aspect", ASPECTS)
def test_only_what_is_asked_for_is_answered(aspect: Aspect) -> None:
    found = review(mail("Could you send me the plans by Friday? Thank you!"), aspects=frozenset({aspect}))
    filled = {name for name, value in vars(found).items() if value not in ("", (), None)}
    expected: dict[Aspect, set[str]] = {
        "summarise": {"summary"},
        "classify": {"category"},
        "sentiment": {"sentiment", "sentiment_score"},
        "draft_reply": {"draft_reply"},
        "extract_tasks": {"tasks", "facts"},
    }
    assert filled == expected[aspect]
