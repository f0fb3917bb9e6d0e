"""What follows an error, as a table; how an error is described and which errors count as alike."""

import traceback
from datetime import UTC, datetime, timedelta
from typing import NoReturn

import pytest
from celery.exceptions import SoftTimeLimitExceeded, TimeLimitExceeded

from jobs.errors import Cancelled, Interrupted, PermanentError, Snooze, TransientError
from jobs.outcomes import INFRASTRUCTURE_ATTEMPTS, Again, Fail, Outcome, Stop, decide, describe, fingerprint
from jobs.policies import Retry

NOW = datetime(2025, 3, 30, 0, 59, tzinfo=UTC)
IN_90_S = NOW + timedelta(seconds=90)
STEADY = Retry(attempts=3, wait=10, jitter=False)


class RateLimitedError(Exception):
    """What an HTTP client might raise, with whatever the server said in its Retry-After."""

    def __init__(self, retry_after: object) -> None:
        super().__init__("429")
        self.retry_after = retry_after


@pytest.mark.parametrize(
    ("error", "attempt", "outcome"),
    [
        (ValueError("no"), 1, Again(NOW + timedelta(seconds=10), reason="retry after ValueError")),
        (ValueError("no"), 2, Again(NOW + timedelta(seconds=20), reason="retry after ValueError")),
        (ValueError("no"), 3, Fail()),
        (PermanentError("no"), 1, Fail()),
        (
            TransientError("x", retry_after=90),
            1,
            Again(IN_90_S, reason="retry after TransientError"),
        ),
        (TransientError("x", retry_after=0), 2, Again(NOW, reason="retry after TransientError")),
        (TransientError("x", retry_after=90), 3, Fail()),
        (RateLimitedError("7"), 1, Again(NOW + timedelta(seconds=7), reason="retry after RateLimitedError")),
        (RateLimitedError(None), 1, Again(NOW + timedelta(seconds=10), reason="retry after RateLimitedError")),
        (Snooze(timedelta(hours=2)), 3, Again(NOW + timedelta(hours=2), spends=False, reason="snoozed for 2:00:00")),
        (
            Snooze(datetime(2025, 6, 1, tzinfo=UTC)),
            9,
            Again(datetime(2025, 6, 1, tzinfo=UTC), spends=False, reason="snoozed until 2025-06-01T00:00:00Z"),
        ),
        (Interrupted("bye"), 3, Again(NOW, spends=False, reason="interrupted by a shutdown")),
        (Cancelled("stop"), 1, Stop()),
    ],
)
@pytest.mark.req("SW-22")
def test_each_error_has_its_outcome(error: BaseException, attempt: int, outcome: Outcome) -> None:
    assert decide(error, retry=STEADY, attempt=attempt, now=NOW) == outcome


@pytest.mark.parametrize("nonsense", ["Fri, 31 Dec 1999 23:59:59 GMT", float("nan"), float("inf"), -5, object(), 1e300])
def test_a_retry_after_that_is_no_number_of_seconds_leaves_the_policys_wait(nonsense: object) -> None:
    outcome = decide(RateLimitedError(nonsense), retry=STEADY, attempt=1, now=NOW)
    assert outcome == Again(NOW + timedelta(seconds=10), reason="retry after RateLimitedError")


@pytest.mark.req("PL-5")
def test_an_infrastructure_fault_spends_no_attempt_but_not_for_ever() -> None:
    def after(faults: int) -> Outcome:
        return decide(OSError("gone"), retry=STEADY, attempt=3, now=NOW, is_infrastructure=True, faults=faults)

    waits = [10, 20, 40, 80, 80, 80, 80, 80, 80, 80]
    assert [after(faults) for faults in range(INFRASTRUCTURE_ATTEMPTS)] == [
        Again(NOW + timedelta(seconds=wait), spends=False, reason="infrastructure fault", is_infrastructure=True)
        for wait in waits
    ]
    assert after(INFRASTRUCTURE_ATTEMPTS) == Fail()


@pytest.mark.parametrize("error", [TimeLimitExceeded(3), SoftTimeLimitExceeded()])
@pytest.mark.req("SW-5")
def test_a_time_limit_is_told_as_timeout(error: BaseException) -> None:
    assert describe(error).kind == "TIMEOUT"


def test_an_error_is_described_by_type_message_and_trace() -> None:
    with pytest.raises(LookupError) as caught:
        _raise(LookupError("user 7 is unknown"))
    failure = describe(caught.value)
    assert failure.trace == "".join(traceback.format_exception(caught.value))
    assert (failure.kind, failure.message) == ("LookupError", "user 7 is unknown")


def _raise(error: Exception) -> NoReturn:
    raise error


class UnprintableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("even this fails")


@pytest.mark.parametrize(
    "error", [ValueError("a\x00b"), ValueError("\ud800 alone"), UnprintableError(), ValueError("x" * 99999)]
)
@pytest.mark.req("SW-5")
def test_the_most_hostile_error_is_described_in_text_that_any_database_stores(error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        _raise(error)
    failure = describe(caught.value)
    for text in (failure.kind, failure.message, failure.trace):
        assert "\x00" not in text
        assert text.encode()
    assert len(failure.message) <= 2000


def test_errors_that_differ_in_numbers_ids_and_quotes_are_alike() -> None:
    one = fingerprint("KeyError", "user 7 of '3f1c' not in 6f1d2c1e-7f0b-4c53-9d4a-5d0e5f2f6b1c at 0xdeadbeef")
    two = fingerprint("KeyError", "user 12345 of 'abc' not in 00000000-0000-4000-8000-000000000000 at 0xcafe")
    assert one == two
    assert len(one) == 16


def test_errors_of_another_kind_place_or_wording_are_not_alike() -> None:
    prints = [
        fingerprint("KeyError", "user 7", "a.py:f"),
        fingerprint("ValueError", "user 7", "a.py:f"),
        fingerprint("KeyError", "mail 7", "a.py:f"),
        fingerprint("KeyError", "user 7", "b.py:f"),
    ]
    assert len(set(prints)) == 4
