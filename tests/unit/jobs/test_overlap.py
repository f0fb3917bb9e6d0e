"""Whether a fire becomes a run beside, behind, or in place of the run before; and its jitter."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.policies import Overlap
from jobs.scheduling.jitter import share_of
from jobs.scheduling.overlap import Earlier, refusal, takes_turns


@pytest.mark.parametrize(
    ("policy", "waiting", "begun", "goes"),
    [
        *(("allow", waiting, begun, True) for waiting in (0, 5) for begun in (0, 5)),
        ("skip", 0, 0, True),
        ("skip", 1, 0, False),
        ("skip", 0, 1, False),
        ("queue_one", 0, 1, True),
        ("queue_one", 1, 1, False),
        ("queue_one", 1, 0, False),
        ("cancel_running", 1, 1, True),
    ],
)
@pytest.mark.req("SK-7")
def test_the_overlap_policy_decides(policy: str, waiting: int, begun: int, goes: bool) -> None:
    reason = refusal(Overlap(policy), Earlier(waiting, begun))
    assert (reason == "") is goes
    assert goes or reason.startswith("skipped: ")


def test_only_runs_that_shall_not_meet_take_turns() -> None:
    assert [policy for policy in Overlap if takes_turns(policy)] == [Overlap.QUEUE_ONE, Overlap.CANCEL_RUNNING]


@given(st.integers(1, 10**6), st.datetimes(timezones=st.just(UTC)), st.integers(0, 3600))
def test_the_share_of_a_jitter_is_below_it_and_always_the_same(pk: int, fire_at: datetime, most: int) -> None:
    share = share_of(pk, fire_at, most_seconds=most)
    assert timedelta(0) <= share <= timedelta(seconds=most)
    assert share == share_of(pk, fire_at, most_seconds=most)


def test_shares_spread_evenly() -> None:
    fire_at = datetime(2025, 1, 1, tzinfo=UTC)
    shares = [share_of(pk, fire_at, most_seconds=100).total_seconds() for pk in range(1000)]
    assert all(60 < sum(low <= share < low + 10 for share in shares) < 140 for low in range(0, 100, 10))
