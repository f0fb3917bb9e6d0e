"""When two trees of mails without a common Message-ID are one conversation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.thread_rules import belong_together, conversations, is_answer, people_in_common
from ingestion.thread_trees import Letter, Tree

DAY = timedelta(days=1)
START = datetime(2026, 5, 1, tzinfo=UTC)


def letter(**changes: Any) -> Letter:
    values: dict[str, Any] = {
        "key": 1,
        "identity": "first",
        "names": (),
        "base_subject": "kostenplan",
        "is_answer": False,
        "people": frozenset({"boss@x.org"}),
        "sent_at": START,
    }
    return Letter(**{**values, **changes})


def alone(one: Letter) -> Tree:
    return Tree(one, (one,), one.people)


FIRST = letter()
ANSWER = letter(is_answer=True, sent_at=START + DAY)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (FIRST, ANSWER, True),
        (FIRST, letter(is_answer=True, sent_at=START - DAY), True),
        (FIRST, letter(sent_at=START + 5 * DAY), True),
        (FIRST, letter(sent_at=START + 6 * DAY), False),
        (FIRST, letter(is_answer=True, sent_at=START + 90 * DAY), True),
        (FIRST, letter(is_answer=True, sent_at=START + 91 * DAY), False),
        (ANSWER, letter(sent_at=START + 30 * DAY), False),
        (FIRST, letter(is_answer=True, sent_at=START + DAY, base_subject="anderes"), False),
        (FIRST, letter(is_answer=True, sent_at=START + DAY, people=frozenset({"aunt@x.org"})), False),
        (letter(base_subject=""), letter(base_subject="", is_answer=True, sent_at=START + DAY), False),
    ],
)
def test_the_same_people_soon_after_or_in_answer_about_the_same_thing(
    one: Letter, other: Letter, expected: bool
) -> None:
    assert belong_together(alone(one), alone(other)) is expected


letters = st.builds(
    letter,
    base_subject=st.sampled_from(["", "a", "b"]),
    is_answer=st.booleans(),
    people=st.frozensets(st.sampled_from("xyz"), max_size=2),
    sent_at=st.integers(0, 200).map(lambda days: START + days * DAY),
)


@given(letters, letters)
def test_the_order_of_the_two_is_no_matter(one: Letter, other: Letter) -> None:
    assert belong_together(alone(one), alone(other)) == belong_together(alone(other), alone(one))


def test_a_chain_of_trees_is_one_conversation_and_what_has_no_subject_stays_alone() -> None:
    days = [letter(key=n, identity=str(n), sent_at=START + 5 * n * DAY) for n in range(4)]
    bare = [letter(key=n, identity=str(n), base_subject="") for n in (8, 9)]
    far = letter(key=7, identity="7", sent_at=START + 40 * DAY)
    found = conversations([days[3], far, days[0], bare[0], days[2], bare[1], days[1]])
    assert sorted(sorted(one.key for one in group) for group in found) == [[0, 1, 2, 3], [7], [8], [9]]


def test_the_owner_counts_only_in_mail_to_themselves() -> None:
    def people(*addresses: str) -> frozenset[str]:
        return people_in_common(list(addresses), own="me@x.org", list_id="", subject="[tag] Re: x")

    assert people("me@x.org", "you@x.org", "") == {"you@x.org"}
    assert people("me@x.org") == {"me@x.org"}


def test_a_list_is_known_by_its_id_and_by_its_tags() -> None:
    found = people_in_common(["you@x.org"], own="", list_id='"Us" <Us.x.org>', subject="[us-social] Re: [Us] x")
    assert found == {"you@x.org", "us.x.org", "[us-social]", "[us]"}


@pytest.mark.parametrize(
    ("subject", "names", "expected"), [("x", (), False), ("Re: x", (), True), ("x", ("<a@x.org>",), True)]
)
def test_a_mail_answers_when_its_subject_or_its_headers_say_so(
    subject: str, names: tuple[str, ...], expected: bool
) -> None:
    assert is_answer(subject, names=names) is expected
