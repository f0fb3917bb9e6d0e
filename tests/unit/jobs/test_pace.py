"""How many runs a pack takes, by what is known of their duration."""

from __future__ import annotations

import pytest

from jobs.pace import FIRST_PACK, PACK_SECONDS, Pace


def test_little_is_taken_while_nothing_is_known() -> None:
    assert Pace().most(100) == FIRST_PACK
    assert Pace(0.0).most(3) == 3


@pytest.mark.parametrize(("seconds", "most"), [(0.0, 100), (0.0001, 100), (0.01, 10), (0.03, 3), (0.2, 1), (60.0, 1)])
def test_a_pack_takes_what_fits_in_its_time_and_always_one(seconds: float, most: int) -> None:
    assert PACK_SECONDS == 0.1
    assert Pace(seconds).most(100) == most


def test_what_was_seen_last_counts_most_but_not_alone() -> None:
    pace = Pace()
    pace.note(runs=10, seconds=0.1)
    assert pace.seconds_per_run == pytest.approx(0.01)
    pace.note(runs=10, seconds=1.1)
    assert pace.seconds_per_run == pytest.approx(0.01 + 0.3 * 0.1)
    pace.note(runs=0, seconds=9.0)
    assert pace.seconds_per_run == pytest.approx(0.04)


@pytest.mark.parametrize(("seconds", "is_quick"), [(None, False), (0.0002, True), (0.001, False), (0.5, False)])
def test_runs_are_quick_that_are_known_to_take_less_than_a_millisecond(seconds: float | None, is_quick: bool) -> None:
    assert Pace(seconds).is_quick is is_quick
