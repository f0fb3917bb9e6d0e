"""The rules model: reads a mail with word lists and headers; no network, no randomness, no learning.

It knows English, German and French and what its lists name. It understands nothing: irony, context from earlier mail,
who matters to the owner, dates inside pictures. docs/rules_model.md has its measured precision and recall.
"""

from __future__ import annotations

from dataclasses import dataclass

from ingestion.llm.facts import MailFacts, ThreadFacts
from ingestion.llm.money import Payments
from ingestion.llm.protocol import Answer
from ingestion.llm.review import Aspect, Review
from ingestion.llm.rules.automation import Automation, automation_of
from ingestion.llm.rules.deadlines import Found, find_deadline
from ingestion.llm.rules.importance import Findings, weigh
from ingestion.llm.rules.payments import find_payments
from ingestion.llm.rules.reading import Reading, read, requests_in, straight
from ingestion.llm.rules.summary import shorten, summarise
from ingestion.llm.rules.threads import review
from ingestion.llm.verdict import Verdict

MOST_ACTION_ITEMS = 5
LONGEST_ACTION_ITEM = 200
LONGEST_FILE_TEXT = 5000


@dataclass(frozen=True, kw_only=True)
class _Read:
    mail: MailFacts
    reading: Reading
    automation: Automation
    requests: tuple[str, ...] = ()
    deadline: Found | None = None


class RulesModel:
    """Reads mail by rules."""

    name = "rules-1"

    def classify(self, mail: MailFacts) -> Answer[Verdict]:
        """Return what the rules make of the mail; the same for the same facts."""
        found = _read(mail)
        labels = _labels(found)
        importance, reasons = weigh(_findings(found, labels))
        files = [file.name for file in mail.attachments]
        return Answer(
            Verdict(
                summary=summarise(found.reading.sentences, subject=mail.subject, attachments=files),
                action_items=_action_items(found),
                importance=importance,
                labels=tuple(sorted(labels)),
                deadline=found.deadline.when if found.deadline else None,
                is_automated=found.automation.kind != "person",
                reasons=(*_first_reasons(found), *reasons),
            )
        )

    def review(self, thread: ThreadFacts, *, aspects: frozenset[Aspect]) -> Answer[Review]:
        """Return what the rules make of the thread."""
        return Answer(review(thread, verdict=self.classify(thread.mails[-1]).value, aspects=aspects))

    def payments(self, mail: MailFacts) -> Answer[Payments]:
        """Return the payments that the rules find."""
        return Answer(find_payments(mail))


def _read(mail: MailFacts) -> _Read:
    reading = read(mail)
    automation = automation_of(mail, reading.text)
    if mail.is_own or automation.kind in {"bulk", "away"}:
        return _Read(mail=mail, reading=reading, automation=automation)
    requests = requests_in(reading) if mail.addressed != "copy" else ()
    deadline = _deadline(mail, reading, requests)
    return _Read(mail=mail, reading=reading, automation=automation, requests=requests, deadline=deadline)


def _deadline(mail: MailFacts, reading: Reading, requests: tuple[str, ...]) -> Found | None:
    body = (straight(mail.subject), *reading.sentences)
    found = find_deadline(body, reading.language, sent_at=mail.sent_at, requests=requests)
    if found:
        return found
    lines = [line for file in mail.attachments for line in straight(file.text[:LONGEST_FILE_TEXT]).splitlines()]
    return find_deadline(lines, reading.language, sent_at=mail.sent_at)


def _labels(found: _Read) -> frozenset[str]:
    mail, reading = found.mail, found.reading
    if found.automation.kind == "bulk":
        return frozenset({"newsletter"})
    text = "\n".join([reading.text, *(straight(file.name) for file in mail.attachments)])
    labels = {label for label, pattern in reading.language.labels.items() if pattern.search(text)}
    applies = {
        "security": reading.language.security.search(reading.text) is not None,
        "invitation": any(file.content_type.startswith("text/calendar") for file in mail.attachments),
        "deadline": found.deadline is not None,
        "answer": found.automation.kind == "person" and any(_wants_answer(each, reading) for each in found.requests),
    }
    return frozenset(labels | {label for label, yes in applies.items() if yes})


def _wants_answer(request: str, reading: Reading) -> bool:
    return request.endswith("?") or reading.language.answer.search(request) is not None


def _findings(found: _Read, labels: frozenset[str]) -> Findings:
    mail, text, language = found.mail, found.reading.text, found.reading.language
    return Findings(
        sent_on=mail.sent_at.date(),
        kind=found.automation.kind,
        addressed=mail.addressed,
        is_own=mail.is_own,
        asks=bool(found.requests),
        deadline_on=found.deadline.day if found.deadline else None,
        is_urgent=language.urgent.search(text) is not None,
        is_overdue=language.overdue.search(text) is not None,
        is_security=language.security.search(text) is not None,
        is_official=language.official.search(text) is not None,
        is_marked_important=_is_marked_important(mail),
        labels=labels,
    )


def _is_marked_important(mail: MailFacts) -> bool:
    priority = mail.headers.get("x-priority", "")
    return priority.startswith(("1", "2")) or mail.headers.get("importance", "").lower() == "high"


def _action_items(found: _Read) -> tuple[str, ...]:
    items = list(found.requests)
    if found.deadline and found.deadline.sentence not in items:
        items.append(found.deadline.sentence)
    return tuple(shorten(item, LONGEST_ACTION_ITEM) for item in items[:MOST_ACTION_ITEMS])


def _first_reasons(found: _Read) -> list[str]:
    reasons = [found.automation.reason] if found.automation.reason else []
    if not found.reading.is_known_language:
        reasons.append("no known language: judged by headers and address")
    return reasons
