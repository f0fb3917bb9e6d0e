"""When a rescuer believes a node lost: only after a whole lease of its own uninterrupted watching."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.rescue import Watch

A, B = UUID(int=1), UUID(int=2)


def watched(counts: list[tuple[float, dict[UUID, int]]], *, lease: float = 8.0) -> list[list[UUID]]:
    watch = Watch(lease_seconds=lease)
    return [watch.silent(counters, at=at) for at, counters in counts]


@pytest.mark.req("PL-5")
def test_a_node_whose_counter_stands_still_for_a_lease_is_silent() -> None:
    seen = watched([(at, {A: 5}) for at in range(10)])
    assert seen == [[]] * 8 + [[A], [A]]


@pytest.mark.req("PL-5")
def test_a_node_that_reports_just_in_time_is_never_silent() -> None:
    assert watched([(at, {A: at // 7}) for at in range(60)]) == [[]] * 60


def test_only_the_silent_one_is_found() -> None:
    assert watched([(at, {A: at, B: 3}) for at in range(10)])[-1] == [B]


def test_a_counter_that_goes_back_is_a_sign_of_life_too() -> None:
    assert watched([(at, {A: 100 - at}) for at in range(20)]) == [[]] * 20


@pytest.mark.req("PL-5")
def test_a_rescuer_that_was_frozen_starts_watching_anew() -> None:
    seen = watched([(at, {A: 5}) for at in (0, 1, 100, 101, 104, 107.9, 108)])
    assert seen == [[]] * 6 + [[A]]


def test_a_node_that_comes_later_has_its_own_lease() -> None:
    seen = watched([(at, {A: at} if at < 5 else {A: at, B: 0}) for at in range(14)])
    assert seen == [[]] * 13 + [[B]]


@given(st.lists(st.tuples(st.floats(0.01, 20), st.booleans()), max_size=60), st.floats(1, 30))
def test_a_node_is_found_only_when_it_was_watched_standing_still_for_a_lease(
    looks: list[tuple[float, bool]], lease: float
) -> None:
    watch, at, count, still_since = Watch(lease_seconds=lease), 0.0, 0, 0.0
    watch.silent({A: count}, at=at)
    for gap, alive in looks:
        at += gap
        count += alive
        if alive or gap > lease / 2:
            still_since = at
        assert watch.silent({A: count}, at=at) == ([A] if at - still_since >= lease else [])
