"""When notices become a sync: all within one span of time share its end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ingestion.push.receiving import next_sync_at

MOMENTS = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2050, 1, 1), timezones=st.just(UTC))


def test_notices_of_the_same_seconds_share_a_sync_and_later_ones_get_the_next() -> None:
    start = datetime(2026, 5, 1, 8, 0, 0, tzinfo=UTC)
    at = [next_sync_at(start + timedelta(seconds=n), debounce_seconds=5) for n in (0, 1, 4.9, 5)]
    assert at == [start + timedelta(seconds=n) for n in (5, 5, 5, 10)]


@given(now=MOMENTS, seconds=st.integers(min_value=0, max_value=3600))
def test_a_sync_comes_after_its_notice_and_not_later_than_promised(now: datetime, seconds: int) -> None:
    at = next_sync_at(now, debounce_seconds=seconds)
    assert now < at <= now + timedelta(seconds=max(seconds, 1))
    assert next_sync_at(at, debounce_seconds=seconds) > at
