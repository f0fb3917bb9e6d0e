"""What late fire times become: within the grace as the policy says, past it missed; none is forgotten."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.policies import Misfire
from jobs.scheduling.clock import Earlier
from jobs.scheduling.misfire import PUNCTUAL, judge

NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)
GRACE = timedelta(seconds=300)


def late(*seconds: float) -> list[datetime]:
    return [NOON - timedelta(seconds=each) for each in sorted(seconds, reverse=True)]


@pytest.mark.parametrize(
    ("policy", "seconds", "runs", "missed"),
    [
        ("coalesce", [], [], []),
        ("coalesce", [0], [0], []),
        ("coalesce", [300], [300], []),
        ("coalesce", [300.001], [], [300.001]),
        ("coalesce", [30, 20, 10], [10], [30, 20]),
        ("coalesce", [900, 600, 299], [299], [900, 600]),
        ("coalesce", [900, 600, 301], [], [900, 600, 301]),
        ("each", [30, 20, 10], [30, 20, 10], []),
        ("each", [900, 300, 299], [300, 299], [900]),
        ("skip", [0.5], [0.5], []),
        ("skip", [30, 20, 10.1], [], [30, 20, 10.1]),
        ("skip", [30, 20, 10], [10], [30, 20]),
    ],
)
@pytest.mark.req("SK-6")
def test_late_fires_become_what_the_policy_says(
    policy: str, seconds: list[float], runs: list[float], missed: list[float]
) -> None:
    verdict, lost = judge(late(*seconds), now=NOON, grace=GRACE, policy=Misfire(policy)), late(*missed)
    assert verdict.runs == tuple(late(*runs))
    found = verdict.missed and (verdict.missed.first, verdict.missed.last, verdict.missed.count)
    assert found == ((lost[0], lost[-1], len(lost)) if lost else None)
    assert verdict.latest == max(late(*seconds), default=None)


@pytest.mark.parametrize(
    ("policy", "seconds", "words"),
    [
        ("coalesce", [301], "1 fire missed, 2025-01-01T11:54:59Z: noticed later than 300 s"),
        (
            "coalesce",
            [2, 1, 0],
            "2 fires missed, 2025-01-01T11:59:58Z to 2025-01-01T11:59:59Z: 2 joined into the run of",
        ),
        (
            "coalesce",
            [400, 1, 0],
            "2 fires missed, 2025-01-01T11:53:20Z to 2025-01-01T11:59:59Z: 1 later than 300 s, 1",
        ),
        ("skip", [20, 19], "2 fires missed, 2025-01-01T11:59:40Z to 2025-01-01T11:59:41Z: noticed later than 10 s"),
    ],
)
def test_what_is_missed_says_how_many_since_when_and_why(policy: str, seconds: list[float], words: str) -> None:
    missed = judge(late(*seconds), now=NOON, grace=GRACE, policy=Misfire(policy)).missed
    assert str(missed).startswith(words)


def test_earlier_fires_are_counted_among_the_missed() -> None:
    earlier = Earlier(NOON - timedelta(days=9), NOON - timedelta(days=1), 1000, is_exact=False)
    verdict = judge(late(1, 0), now=NOON, grace=GRACE, earlier=earlier)
    assert str(verdict.missed).startswith("at least 1001 fires missed, 2024-12-23T12:00:00Z to 2025-01-01T11:59:59Z")
    assert verdict.runs == (NOON,)


@given(st.lists(st.integers(0, 10_000), unique=True), st.integers(0, 5000), st.sampled_from(Misfire))
@pytest.mark.req("SK-6")
def test_every_fire_runs_or_is_counted_and_none_runs_past_its_grace(
    seconds: list[int], grace: int, policy: Misfire
) -> None:
    fires = late(*seconds)
    verdict = judge(fires, now=NOON, grace=timedelta(seconds=grace), policy=policy)
    assert len(verdict.runs) + (verdict.missed.count if verdict.missed else 0) == len(fires)
    assert all(NOON - fire <= timedelta(seconds=grace) for fire in verdict.runs)
    assert list(verdict.runs) == [fire for fire in fires if fire in verdict.runs]
    if policy is not Misfire.EACH:
        assert verdict.runs in {(), tuple(fires[-1:])}
    if policy is Misfire.SKIP:
        assert all(NOON - fire <= PUNCTUAL for fire in verdict.runs)
