"""When a rescuer believes a node lost: only after a whole lease of its own uninterrupted watching."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.watch import Watch

A, B = UUID(int=1), UUID(int=2)


def watched(counts: list[tuple[float, dict[UUID, int]]], *, lease: float = 8.0) -> list[list[UUID]]:
    watch = Watch[UUID](lease_seconds=lease)
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
def test_a_rescuer_that_was_frozen_counts_little_of_that_time() -> None:
    seen = watched([(at, {A: 5}) for at in (0, 1, 1000, 1001, 1002, 1003, 1004, 1005)])
    assert seen == [[]] * 7 + [[A]]


@pytest.mark.req("PL-5")
def test_a_slow_rescuer_still_finds_the_dead() -> None:
    seen = watched([(at, {A: 5}) for at in range(0, 60, 10)])
    assert seen == [[]] * 4 + [[A], [A]]


def test_a_node_that_comes_later_has_its_own_lease() -> None:
    seen = watched([(at, {A: at} if at < 5 else {A: at, B: 0}) for at in range(14)])
    assert seen == [[]] * 13 + [[B]]


@given(st.lists(st.tuples(st.floats(0.01, 20), st.booleans()), max_size=60), st.floats(1, 30))
def test_a_node_is_found_only_after_a_lease_of_watched_silence(looks: list[tuple[float, bool]], lease: float) -> None:
    watch, at, count, silence = Watch[UUID](lease_seconds=lease), 0.0, 0, 0.0
    watch.silent({A: count}, at=at)
    for gap, alive in looks:
        watched_for = min(at + gap - at, lease / 4)
        at += gap
        count += alive
        silence = 0.0 if alive else silence + watched_for
        assert watch.silent({A: count}, at=at) == ([A] if silence >= lease else [])
