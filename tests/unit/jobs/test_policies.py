"""Retry's wait and its choice of errors, and what a schedule's constructors refuse."""

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.errors import PermanentError, TransientError
from jobs.policies import NO_RETRY, Cron, Every, Retry, crontab, every


@pytest.mark.req("SK-9")
def test_without_jitter_the_wait_doubles_up_to_its_bound() -> None:
    policy = Retry(attempts=9, wait=4, factor=2, max_wait=60, jitter=False)
    assert [policy.backoff(n).total_seconds() for n in range(1, 8)] == [4, 8, 16, 32, 60, 60, 60]


@given(
    attempt=st.integers(1, 10_000),
    wait=st.floats(0, 1e4),
    factor=st.floats(1, 10),
    max_wait=st.floats(0, 1e6),
    draw=st.floats(0, 1, exclude_max=True),
)
def test_full_jitter_draws_from_zero_to_the_bound(
    attempt: int, wait: float, factor: float, max_wait: float, draw: float
) -> None:
    policy = Retry(wait=wait, factor=factor, max_wait=max_wait)
    bound = min(max_wait, wait * factor ** min(attempt - 1, 64))
    assert policy.backoff(attempt, draw=0.0) == timedelta(0)
    assert policy.backoff(attempt, draw=draw) == timedelta(seconds=bound * draw)
    assert timedelta(0) <= policy.backoff(attempt) <= timedelta(seconds=bound)


def test_the_dice_spread_over_the_whole_range() -> None:
    policy = Retry(wait=100)
    waits = [policy.backoff(1).total_seconds() for _ in range(2000)]
    assert min(waits) < 5
    assert max(waits) > 95
    assert math.isclose(sum(waits) / len(waits), 50, abs_tol=5)


class TooManyRequestsError(Exception):
    """A client's error that knows nothing of the engine."""


class GoneForeverError(Exception):
    permanent = True


@pytest.mark.parametrize(
    ("policy", "error", "attempt", "again"),
    [
        (Retry(attempts=3), ValueError(), 1, True),
        (Retry(attempts=3), ValueError(), 2, True),
        (Retry(attempts=3), ValueError(), 3, False),
        (Retry(attempts=3), ValueError(), 4, False),
        (NO_RETRY, ValueError(), 1, False),
        (Retry(attempts=3, retry_on=(OSError,)), ConnectionResetError(), 1, True),
        (Retry(attempts=3, retry_on=(OSError,)), ValueError(), 1, False),
        (Retry(attempts=3, discard_on=(KeyError,)), KeyError(), 1, False),
        (Retry(attempts=3, discard_on=(LookupError,)), KeyError(), 1, False),
        (Retry(attempts=3, retry_on=(KeyError,), discard_on=(LookupError,)), KeyError(), 1, False),
        (Retry(attempts=3), PermanentError(), 1, False),
        (Retry(attempts=3), GoneForeverError(), 1, False),
        (Retry(attempts=3), TransientError("slow down"), 1, True),
        (Retry(attempts=3, retry_on=(TooManyRequestsError,)), TooManyRequestsError(), 2, True),
    ],
)
@pytest.mark.req("SW-22")
def test_an_error_is_tried_again_while_the_policy_allows_it(
    policy: Retry, error: Exception, attempt: int, again: bool
) -> None:
    assert policy.allows(error, attempt=attempt) is again


def test_schedules_are_made_from_periods_and_crontabs() -> None:
    assert every(days=1, hours=2, minutes=3, seconds=4) == Every(93784.0)
    assert crontab("0 2 * * *", zone="Europe/Zurich") == Cron("0 2 * * *", "Europe/Zurich")


@pytest.mark.parametrize("seconds", [0, 0.5, -60])
def test_a_period_under_a_second_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="at least one second"):
        every(seconds=seconds)


@pytest.mark.parametrize("expression", ["", "* * * *", "0 2 * * * *", "@daily"])
def test_a_crontab_without_five_fields_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="five fields"):
        crontab(expression)
