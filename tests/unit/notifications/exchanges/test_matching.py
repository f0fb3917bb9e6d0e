"""Who gives to whom: allowed, even, and refused with the reason; for any people and exclusions."""

from __future__ import annotations

import itertools
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.exchanges import matching
from notifications.exchanges.matching import ImpossibleError, match, why_impossible

Pairs = set[tuple[int, int]]


@st.composite
def groups(draw: st.DrawFn) -> tuple[list[int], Pairs]:
    people = list(range(draw(st.integers(0, 6))))
    pairs = [(giver, receiver) for giver in people for receiver in people if giver != receiver]
    return people, draw(st.sets(st.sampled_from(pairs), max_size=20)) if pairs else set()


def every_way(people: list[int], excluded: Pairs) -> set[tuple[int, ...]]:
    return {
        order
        for order in itertools.permutations(people)
        if all(
            giver != receiver and (giver, receiver) not in excluded
            for giver, receiver in zip(people, order, strict=True)
        )
    }


@given(groups(), st.integers(0, 2**32).map(random.Random))
def test_a_matching_is_found_exactly_when_there_is_one(group: tuple[list[int], Pairs], dice: random.Random) -> None:
    people, excluded = group
    ways = every_way(people, excluded) if len(people) > 1 else set()
    assert bool(why_impossible(people, excluded)) == (not ways)
    if not ways:
        with pytest.raises(ImpossibleError):
            match(people, excluded, dice=dice)
    else:
        found = match(people, excluded, dice=dice)
        assert tuple(found[person] for person in people) in ways


@pytest.mark.parametrize("way", ["drawn", "counted"])
def test_all_allowed_ways_are_equally_likely(way: str) -> None:
    people, excluded = [0, 1, 2, 3, 4], {(0, 1), (1, 0), (2, 3)}
    ways, dice, draws = every_way(people, excluded), random.Random(7), 6000
    allowed = matching._allowed(people, excluded)
    draw = matching._draw if way == "drawn" else matching._draw_counted
    counts: Counter[tuple[int, ...]] = Counter()
    for _ in range(draws):
        found = draw(people, allowed, dice)
        assert found is not None
        counts[tuple(found[person] for person in people)] += 1
    expected = draws / len(ways)
    chi_square = sum((counts[each] - expected) ** 2 / expected for each in ways)
    assert set(counts) == ways
    freedom = len(ways) - 1
    assert chi_square < freedom + 4 * (2 * freedom) ** 0.5, "four standard deviations off an even draw"


def test_a_group_with_a_single_way_left_gets_it() -> None:
    people = list(range(12))
    only = {person: (person + 1) % 12 for person in people}
    excluded = {(a, b) for a in people for b in people if a != b and only[a] != b}
    assert match(people, excluded, dice=random.Random(1)) == only


def test_fifty_people_with_their_families_are_matched() -> None:
    people = list(range(50))
    families = {(a, b) for a in people for b in people if a != b and a // 5 == b // 5}
    found = match(people, families, dice=random.Random(3))
    assert sorted(found.values()) == people
    assert all(a // 5 != b // 5 for a, b in found.items())


@pytest.mark.parametrize(
    ("people", "excluded", "reason"),
    [
        ([], set(), "it takes at least two people"),
        ([1], set(), "it takes at least two people"),
        ([1, 2, 3], {(1, 2), (1, 3)}, "Ann may give to nobody"),
        ([1, 2, 3], {(1, 3), (3, 1)}, "Ann, Cem may all give only to Bob: 2 people, 1 to give to"),
    ],
)
def test_the_impossible_is_refused_with_the_reason(people: list[int], excluded: Pairs, reason: str) -> None:
    names = {1: "Ann", 2: "Bob", 3: "Cem"}
    assert why_impossible(people, excluded, names=names) == reason
    with pytest.raises(ImpossibleError, match=reason):
        match(people, excluded, dice=random.Random(1), names=names)
