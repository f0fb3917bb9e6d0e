"""What late fire times become: the latest within its grace runs, those past it are missed, the others coalesce."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.scheduling.misfire import Verdict, judge

NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)
GRACE = timedelta(seconds=300)


def late(*seconds: float) -> list[datetime]:
    return [NOON - timedelta(seconds=each) for each in sorted(seconds, reverse=True)]


@pytest.mark.parametrize(
    ("seconds", "runs", "missed_first", "missed"),
    [
        ([], None, None, 0),
        ([0], 0, None, 0),
        ([300], 300, None, 0),
        ([300.001], None, 300.001, 1),
        ([30, 20, 10], 10, None, 0),
        ([900, 600, 299], 299, 900, 2),
        ([900, 600, 301], None, 900, 3),
    ],
)
@pytest.mark.req("SK-6")
def test_late_fires_coalesce_within_the_grace_and_are_missed_past_it(
    seconds: list[float], runs: float | None, missed_first: float | None, missed: int
) -> None:
    wanted = Verdict(
        None if runs is None else NOON - timedelta(seconds=runs),
        None if missed_first is None else NOON - timedelta(seconds=missed_first),
        missed,
    )
    assert judge(late(*seconds), now=NOON, grace=GRACE) == wanted


@given(st.lists(st.integers(0, 10_000), unique=True), st.integers(0, 5000))
@pytest.mark.req("SK-6")
def test_at_most_one_runs_and_never_a_missed_one(seconds: list[int], grace: int) -> None:
    fires = late(*seconds)
    verdict = judge(fires, now=NOON, grace=timedelta(seconds=grace))
    within = [fire for fire in fires if NOON - fire <= timedelta(seconds=grace)]
    assert verdict.runs == (within[-1] if within else None)
    assert verdict.missed_count == len(fires) - len(within)
    assert verdict.missed_first == (fires[0] if verdict.missed_count else None)
