"""When two mails without a common Message-ID are one conversation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.thread_rules import Clue, belong_together, participants

DAY = timedelta(days=1)
START = datetime(2026, 5, 1, tzinfo=UTC)


def clue(**changes: Any) -> Clue:
    values: dict[str, Any] = {
        "base_subject": "kostenplan",
        "is_answer": False,
        "has_references": False,
        "participants": frozenset({"boss@x.org"}),
        "sent_at": START,
    }
    return Clue(**{**values, **changes})


FIRST = clue()
ANSWER = clue(is_answer=True, sent_at=START + DAY)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (FIRST, ANSWER, True),
        (FIRST, clue(sent_at=START + DAY), False),
        (FIRST, clue(is_answer=True, has_references=True, sent_at=START + DAY), False),
        (FIRST, clue(is_answer=True, sent_at=START - DAY), False),
        (FIRST, clue(is_answer=True, sent_at=START), True),
        (FIRST, clue(is_answer=True, sent_at=START + 90 * DAY), True),
        (FIRST, clue(is_answer=True, sent_at=START + 91 * DAY), False),
        (FIRST, clue(is_answer=True, sent_at=START + DAY, base_subject="anderes"), False),
        (FIRST, clue(is_answer=True, sent_at=START + DAY, participants=frozenset({"aunt@x.org"})), False),
        (clue(base_subject=""), clue(base_subject="", is_answer=True, sent_at=START + DAY), False),
        (ANSWER, clue(is_answer=True, sent_at=START + 2 * DAY), True),
    ],
)
def test_the_later_mail_must_answer_the_same_people_about_the_same_thing(
    one: Clue, other: Clue, expected: bool
) -> None:
    assert belong_together(one, other) is expected


clues = st.builds(
    Clue,
    base_subject=st.sampled_from(["", "a", "b"]),
    is_answer=st.booleans(),
    has_references=st.booleans(),
    participants=st.frozensets(st.sampled_from("xyz"), max_size=2),
    sent_at=st.integers(0, 200).map(lambda days: START + days * DAY),
)


@given(clues, clues)
def test_the_order_of_the_two_is_no_matter(one: Clue, other: Clue) -> None:
    assert belong_together(one, other) == belong_together(other, one)


def test_the_owner_counts_only_in_mail_to_themselves() -> None:
    assert participants(["me@x.org", "you@x.org", ""], own="me@x.org") == {"you@x.org"}
    assert participants(["me@x.org"], own="me@x.org") == {"me@x.org"}
