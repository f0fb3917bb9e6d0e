"""What every language model offers; one method per question, typed in and out."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, Protocol, TypeVar

from ingestion.llm.facts import MailFacts
from ingestion.llm.verdict import Verdict

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What one call took; a local model takes nothing."""

    tokens_in: int = 0
    tokens_out: int = 0
    cost: Decimal = Decimal(0)
    """In the currency of the price list, at most six decimals."""


@dataclass(frozen=True)
class Answer(Generic[T]):
    """A model's typed answer and what it took."""

    value: T
    usage: Usage = Usage()


class LanguageModel(Protocol):
    """A model that reads mail.

    Errors carry `permanent` and, where known, `retry_after` in seconds. A model sees one mail of one user per call
    and holds nothing back from call to call.
    """

    @property
    def name(self) -> str:
        """Name and version, recorded with everything it says."""

    def classify(self, mail: MailFacts) -> Answer[Verdict]:
        """Return what the mail is about and what it wants from its owner."""
