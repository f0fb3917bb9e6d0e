"""What is worth a notice, and how long a delivery waits: tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from notifications.rules import Limits, MailNews, verdict_on, wait_before_attempt, worth_a_notice

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
RECENT = timedelta(days=30)


@pytest.mark.parametrize(
    ("news", "reason"),
    [
        ({}, "important"),
        ({"sent_at": NOW - RECENT}, "important"),
        ({"sent_at": NOW - RECENT - timedelta(seconds=1)}, "too old"),
        ({"sent_at": NOW + timedelta(days=1)}, "important"),
        ({"importance": "normal"}, "not important"),
        ({"importance": "low"}, "not important"),
        ({"is_received": False}, "own mail"),
        ({"is_answered": True}, "already answered"),
        ({"is_seen": True}, "read or put away"),
        ({"is_gone": True}, "read or put away"),
        ({"is_own_notice": True}, "our own notice"),
        ({"is_automated": True}, "automated, nothing to be done in time"),
        ({"is_automated": True, "is_security": True}, "important"),
        ({"is_automated": True, "deadline": NOW + timedelta(days=3)}, "important"),
        ({"is_automated": True, "deadline": NOW - timedelta(hours=12)}, "important"),
        ({"is_automated": True, "deadline": NOW - timedelta(hours=13)}, "automated, nothing to be done in time"),
        ({"deadline": NOW - timedelta(days=9)}, "important"),
    ],
)
def test_a_mail_is_worth_a_notice_unless_a_rule_speaks_against_it(news: dict[str, Any], reason: str) -> None:
    mail = MailNews(**{"importance": "high", "is_received": True, "is_automated": False, "sent_at": NOW, **news})
    decision = worth_a_notice(mail, now=NOW, recent=RECENT)
    assert (decision.tell, decision.reason) == (reason == "important", reason)


@pytest.mark.parametrize(("attempt", "minutes"), [(1, 1), (2, 1), (3, 2), (4, 4), (7, 32), (8, 60), (10_000, 60)])
def test_waits_double_from_a_minute_to_an_hour(attempt: int, minutes: int) -> None:
    assert wait_before_attempt(attempt) == timedelta(minutes=minutes)


@pytest.mark.parametrize(("attempt", "asked", "minutes"), [(2, 30, 1), (2, 600, 10), (8, 60, 60), (2, 10**99, 24 * 60)])
def test_a_receiver_that_asks_for_patience_gets_it_up_to_a_day(attempt: int, asked: int, minutes: int) -> None:
    assert wait_before_attempt(attempt, asked=asked) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("attempts", "unanswered", "is_permanent", "is_unanswered", "verdict"),
    [
        (1, 0, False, False, "again"),
        (4, 0, False, False, "again"),
        (5, 0, False, False, "failed"),
        (1, 0, True, False, "failed"),
        (1, 1, False, True, "again"),
        (2, 2, False, True, "unknown"),
        (2, 1, True, False, "unknown"),
        (5, 1, False, False, "unknown"),
    ],
)
def test_a_delivery_that_may_have_arrived_never_counts_as_failed(
    attempts: int, unanswered: int, is_permanent: bool, is_unanswered: bool, verdict: str
) -> None:
    limits = Limits(attempts=5, unanswered=2)
    found = verdict_on(attempts, unanswered, is_permanent=is_permanent, is_unanswered=is_unanswered, limits=limits)
    assert found == verdict
