"""Measures a language model on labelled mail: what it finds of what a person found, and how much of it is right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ingestion.llm.facts import AttachmentFacts, MailFacts
from ingestion.llm.protocol import LanguageModel
from ingestion.llm.verdict import Verdict
from ingestion.mime import ParsedMail, parse
from ingestion.quotes import reply_text
from ingestion.samples.corpus import ADDRESS, SampleMessage
from ingestion.samples.placeholders import fill_dates
from ingestion.samples.rendering import render

ASPECTS = ("importance high", "importance low", "automated", "answer wanted", "deadline", "amount")


@dataclass(frozen=True)
class Score:
    """How often the model and the person said yes about one aspect, and how often they agreed."""

    aspect: str
    labelled: int
    found: int
    right: int

    @property
    def precision(self) -> float | None:
        """Share of what was found that is right; None when nothing was found."""
        return self.right / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """Share of what is labelled that was found; None when nothing is labelled."""
        return self.right / self.labelled if self.labelled else None


@dataclass(frozen=True)
class Miss:
    """One disagreement."""

    message: str
    aspect: str
    labelled: object
    found: object


def measure(samples: Iterable[SampleMessage], *, model: LanguageModel, now: datetime) -> tuple[list[Score], list[Miss]]:
    """Return a score per aspect and every disagreement, over the messages that the owner received."""
    pairs = [
        (sample.id, _labelled(sample, now=now), _asked(model, facts_of(sample, now=now)))
        for sample in samples
        if not sample.sent_mail
    ]
    scores = [
        Score(
            aspect,
            labelled=sum(bool(labelled[aspect]) for _, labelled, _ in pairs),
            found=sum(bool(found[aspect]) for _, _, found in pairs),
            right=sum(bool(labelled[aspect]) and labelled[aspect] == found[aspect] for _, labelled, found in pairs),
        )
        for aspect in ASPECTS
    ]
    return scores, list(_misses(pairs))


def facts_of(sample: SampleMessage, *, now: datetime) -> MailFacts:
    """Return the facts that the real parser gets out of the rendered message; attachments as they were written."""
    content = render(sample, now=now)
    parsed = parse(content, size=len(content), now=now)
    return MailFacts(
        subject=parsed.subject,
        text=reply_text(parsed.text),
        sent_at=parsed.sent_at or now,
        sender_name=parsed.sender.name,
        sender_address=parsed.sender.address,
        addressed=_addressed(parsed),
        is_own=sample.sent_mail,
        headers=parsed.sending_headers,
        attachments=tuple(
            AttachmentFacts(
                name=parsed_file.filename,
                content_type=parsed_file.content_type,
                text=fill_dates(file.text, now=now),
            )
            for file, parsed_file in zip(sample.attachments, parsed.attachments, strict=False)
        ),
    )


def _addressed(parsed: ParsedMail) -> Literal["directly", "copy", "list"]:
    kinds = {kind for kind, who in parsed.recipients if who.address == ADDRESS}
    return "directly" if "to" in kinds else "copy" if kinds else "list"


def _labelled(sample: SampleMessage, *, now: datetime) -> dict[str, object]:
    label = sample.label
    return {
        "importance high": label.importance == "high",
        "importance low": label.importance == "low",
        "automated": label.automated,
        "answer wanted": label.answer,
        "deadline": sample.deadline(now=now),
        "amount": label.amount,
    }


def _asked(model: LanguageModel, mail: MailFacts) -> dict[str, object]:
    payments = model.payments(mail).value.payments
    amount = ", ".join(f"{payment.currency} {payment.amount}" for payment in payments)
    return {**_found(model.classify(mail).value), "amount": amount}


def _found(verdict: Verdict) -> dict[str, object]:
    deadline = verdict.deadline
    return {
        "importance high": verdict.importance == "high",
        "importance low": verdict.importance == "low",
        "automated": verdict.is_automated,
        "answer wanted": "answer" in verdict.labels,
        "deadline": deadline.date() if isinstance(deadline, datetime) else deadline,
    }


def _misses(pairs: list[tuple[str, dict[str, object], dict[str, object]]]) -> Iterator[Miss]:
    for message, labelled, found in pairs:
        for aspect in ASPECTS:
            if labelled[aspect] != found[aspect]:
                yield Miss(message, aspect, labelled[aspect], found[aspect])
