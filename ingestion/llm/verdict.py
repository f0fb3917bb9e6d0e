"""What a model answers about a mail; `checked` refuses answers that make no sense, whichever model gave them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, get_args

from ingestion.llm.errors import NonsenseError

Importance = Literal["low", "normal", "high"]
LONGEST_SUMMARY = 1000
MOST_ITEMS = 20


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A model's understanding of one mail."""

    summary: str
    action_items: tuple[str, ...] = ()
    """What the owner is asked to do, in the words of the mail."""
    importance: Importance = "normal"
    labels: tuple[str, ...] = ()
    """Lower-case words such as invoice, answer, travel."""
    deadline: date | datetime | None = None
    """By when something is expected; a date when the mail names no hour, else an aware datetime."""
    is_automated: bool = False
    """No person wrote it to the owner: newsletters, notices, receipts, automatic replies."""
    reasons: tuple[str, ...] = ()
    """Why, for the person who wonders."""


def checked(verdict: Verdict) -> Verdict:
    """Return `verdict` unchanged.

    Raises: NonsenseError when it breaks its own terms.
    """
    if verdict.importance not in get_args(Importance):
        raise NonsenseError(f"importance is {verdict.importance!r}")
    if isinstance(verdict.deadline, datetime) and verdict.deadline.tzinfo is None:
        raise NonsenseError(f"deadline {verdict.deadline} has no zone")
    if len(verdict.summary) > LONGEST_SUMMARY:
        raise NonsenseError(f"summary of {len(verdict.summary)} characters; at most {LONGEST_SUMMARY}")
    for name in ("action_items", "labels", "reasons"):
        if len(getattr(verdict, name)) > MOST_ITEMS:
            raise NonsenseError(f"{len(getattr(verdict, name))} {name}; at most {MOST_ITEMS}")
    return verdict
