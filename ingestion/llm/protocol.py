"""What every language model offers; one method per question, typed in and out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from ingestion.llm.facts import MailFacts, NoticeFacts, ThreadFacts
from ingestion.llm.money import Payments
from ingestion.llm.review import Aspect, Review
from ingestion.llm.usage import NOTHING, Usage
from ingestion.llm.verdict import Verdict
from ingestion.llm.wording import Wording

T = TypeVar("T")


@dataclass(frozen=True)
class Answer(Generic[T]):
    """A model's typed answer and what it took."""

    value: T
    usage: Usage = NOTHING


class LanguageModel(Protocol):
    """A model that reads mail.

    Errors carry `permanent` and, where known, `retry_after` in seconds. A model sees one mail or thread of one user per
    call, has no tools, and holds nothing back from call to call.
    """

    @property
    def name(self) -> str:
        """Name and version, recorded with everything it says."""

    def classify(self, mail: MailFacts) -> Answer[Verdict]:
        """Return what the mail is about and what it wants from its owner."""

    def review(self, thread: ThreadFacts, *, aspects: frozenset[Aspect]) -> Answer[Review]:
        """Return what is asked for about the thread."""

    def payments(self, mail: MailFacts) -> Answer[Payments]:
        """Return what the owner has paid, has to pay or was paid, as the mail names it."""


class Writer(Protocol):
    """A model that writes to people; the built-in rules don't. Its errors are those of a LanguageModel."""

    @property
    def name(self) -> str:
        """Name and version, recorded with everything it writes."""

    def word(self, notice: NoticeFacts) -> Answer[Wording]:
        """Return the notice in words that suit its reader."""
