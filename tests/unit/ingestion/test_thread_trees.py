"""How mails are linked by the Message-IDs they name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.thread_trees import Letter, Tree, trees_of

DAY = timedelta(days=1)
START = datetime(2026, 5, 1, tzinfo=UTC)


def letter(name: str, *names: str, day: int = 0) -> Letter:
    return Letter(
        key=ord(name),
        identity=name,
        names=names,
        base_subject=name,
        is_answer=bool(names),
        people=frozenset({name}),
        sent_at=START + day * DAY,
    )


def told(trees: list[Tree]) -> dict[str, str]:
    """Return the letters of each tree by its root."""
    return {tree.root.identity: "".join(sorted(one.identity for one in tree.letters)) for tree in trees}


@pytest.mark.parametrize(
    ("letters", "expected"),
    [
        ([letter("a"), letter("b", "a", day=1), letter("c", "a", "b", day=2)], {"a": "abc"}),
        ([letter("a"), letter("b", day=1)], {"a": "a", "b": "b"}),
        # What never arrived holds its answers together; the earliest of them stands for it.
        ([letter("c", "lost", day=2), letter("b", "lost", day=1)], {"b": "bc"}),
        ([letter("a"), letter("c", "a", "lost", day=2), letter("d", "lost", day=3)], {"a": "acd"}),
        # A letter that is here says itself what it answers: no other letter's word counts.
        ([letter("a"), letter("b", day=1), letter("c", "a", "b", day=2)], {"a": "a", "b": "bc"}),
        ([letter("b", "x", day=1), letter("c", "a", "b", day=2), letter("d", "a", day=3)], {"b": "bc", "d": "d"}),
        # The top is the root, even where its clock was wrong.
        ([letter("a", day=9), letter("b", "a", day=1)], {"a": "ab"}),
        ([letter("a", "a")], {"a": "a"}),
        ([letter("a", "b"), letter("b", "a", day=1)], {"b": "ab"}),
        ([], {}),
    ],
    ids=["chain", "strangers", "lost", "over-lost", "own-word", "own-word-of-lost", "clock", "self", "circle", "none"],
)
def test_letters_are_linked_by_what_they_name(letters: list[Letter], expected: dict[str, str]) -> None:
    assert told(trees_of(letters)) == expected


def test_a_tree_has_the_people_of_all_its_letters() -> None:
    (tree,) = trees_of([letter("a"), letter("b", "a", day=1)])
    assert tree.people == {"a", "b"}


names = st.lists(st.sampled_from("abcdefxyz"), max_size=4, unique=True)


@given(st.lists(names, min_size=6, max_size=6), st.permutations(range(6)))
def test_every_letter_is_in_one_tree_whatever_their_order(named: list[list[str]], order: list[int]) -> None:
    letters = [letter("abcdef"[n], *named[n], day=n % 3) for n in range(6)]
    trees = trees_of(letters)
    assert sorted(one.identity for tree in trees for one in tree.letters) == list("abcdef")
    assert told(trees_of([letters[n] for n in order])) == told(trees)
