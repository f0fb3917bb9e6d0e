"""Which mails belong to one conversation where Message-IDs don't say so; pure, and the same in any order of arrival."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Clue:
    """What the decision looks at in a mail."""

    base_subject: str
    is_answer: bool
    """Its subject says Re, Fwd or the like."""
    has_references: bool
    """It names the mails it answers, so its subject needn't be guessed from."""
    participants: frozenset[str]
    sent_at: datetime


def participants(addresses: list[str], *, own: str) -> frozenset[str]:
    """Return the people in a mail without the owner, who is in all of them; the owner when there is nobody else."""
    people = frozenset(address for address in addresses if address)
    return people - {own} or people


def belong_together(one: Clue, other: Clue) -> bool:
    """Tell whether one of two mails answers the other, by subject, people and time; symmetrical.

    The later one must say that it answers something without saying what: mails that merely have a subject in common,
    such as a monthly invoice, stay apart.
    """
    if not one.base_subject or one.base_subject != other.base_subject:
        return False
    if abs(one.sent_at - other.sent_at) > WINDOW or not one.participants & other.participants:
        return False
    return any(_guesses(late) for late in _later(one, other))


def _guesses(mail: Clue) -> bool:
    return mail.is_answer and not mail.has_references


def _later(one: Clue, other: Clue) -> tuple[Clue, ...]:
    if one.sent_at == other.sent_at:
        return (one, other)
    return (one,) if one.sent_at > other.sent_at else (other,)
