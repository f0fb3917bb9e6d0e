"""What is worth a notice, and how long a delivery waits: tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from notifications.rules import MailNews, wait_before_attempt, worth_a_notice

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
