"""What is worth a notice and how long a delivery waits: plain functions of their arguments, `now` included."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
MACHINES = re.compile(
    r"(no|do[-_.]?not|never)[-_.]?reply|mailer-daemon|postmaster|bounces?|notifications?", re.IGNORECASE
)
LONGEST_ASKED = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class MailNews:
    """What decides whether a mail is worth a notice."""

    importance: str
    is_received: bool
    is_automated: bool
    sent_at: datetime
    deadline: datetime | None = None
    is_security: bool = False
    is_answered: bool = False
    """The owner wrote in the same thread later."""
    is_seen: bool = False
    """The owner has read it in their mailbox."""
    is_gone: bool = False
    """The owner has deleted it or put it away."""
    is_own_notice: bool = False
    """It is a notice of ours that came back through the user's mailbox."""


def is_a_machines(address: str) -> bool:
    """Return whether nobody reads what is sent to the address, as far as its name tells."""
    return bool(MACHINES.match(address))


@dataclass(frozen=True)
class Decision:
    """Whether to tell, and why not."""

    tell: bool
    reason: str


def worth_a_notice(mail: MailNews, *, now: datetime, recent: timedelta) -> Decision:
    """Return whether the owner of `mail` should be told of it at `now`; the first rule that speaks against it wins."""
    against = [
        (mail.importance != "high", "not important"),
        (not mail.is_received, "own mail"),
        (mail.is_own_notice, "our own notice"),
        (mail.sent_at < now - recent, "too old"),
        (mail.is_answered, "already answered"),
        (mail.is_seen or mail.is_gone, "read or put away"),
        (mail.is_automated and not _matters_though_automated(mail, now), "automated, nothing to be done in time"),
    ]
    reason = next((reason for applies, reason in against if applies), "")
    return Decision(not reason, reason or "important")


def _matters_though_automated(mail: MailNews, now: datetime) -> bool:
    is_ahead = mail.deadline is not None and mail.deadline >= now - timedelta(hours=12)
    return mail.is_security or is_ahead


class Verdict(StrEnum):
    """What becomes of a delivery after an attempt that did not succeed."""

    AGAIN = "again"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How often a delivery is tried at all, and how often without an answer."""

    attempts: int
    unanswered: int


def verdict_on(attempts: int, unanswered: int, *, is_permanent: bool, is_unanswered: bool, limits: Limits) -> Verdict:
    """Return what follows when the latest of `attempts` did not succeed; `unanswered` counts those left unanswered.

    A delivery that may have arrived never counts as failed.
    """
    if unanswered >= limits.unanswered:
        return Verdict.UNKNOWN
    if is_permanent and not is_unanswered:
        return Verdict.UNKNOWN if unanswered else Verdict.FAILED
    if attempts >= limits.attempts:
        return Verdict.UNKNOWN if unanswered else Verdict.FAILED
    return Verdict.AGAIN


def wait_before_attempt(attempt: int, *, asked: int | None = None) -> timedelta:
    """Return how long to wait before attempt number `attempt` (2 or more): doubling from a minute, at most an hour.

    `asked` are the seconds the receiver asked for; it gets them, up to a day.
    """
    usual = min(FIRST_WAIT * (1 << max(0, min(attempt - 2, 16))), LONGEST_WAIT)
    return max(usual, timedelta(seconds=min(asked or 0, int(LONGEST_ASKED.total_seconds()))))
