"""Histograms add up whatever the order, and their quantiles are near the true ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.histogram import LAST_BUCKET, at_most, bucket_of, merged, quantile, upper_bound

DURATIONS = st.lists(st.floats(0.001, 200_000), min_size=1, max_size=40)


def histogram(durations: list[float]) -> dict[str, int]:
    return merged({str(bucket_of(seconds)): 1} for seconds in durations)


@given(DURATIONS, st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_a_quantile_is_within_nine_percent(durations: list[float], share: float) -> None:
    true = sorted(durations)[max(0, -int(-share * len(durations) // 1) - 1)]
    told = quantile(histogram(durations), share)
    assert told == pytest.approx(true, rel=0.092)


@given(DURATIONS, DURATIONS)
def test_two_histograms_added_are_the_histogram_of_all(some: list[float], others: list[float]) -> None:
    assert merged([histogram(some), histogram(others)]) == histogram(some + others)


@pytest.mark.parametrize(("seconds", "bucket"), [(0, 0), (0.001, 0), (0.0021, 4), (1.0, 39), (10**9, LAST_BUCKET)])
def test_a_duration_has_its_bucket(seconds: float, bucket: int) -> None:
    assert bucket_of(seconds) == bucket


@given(st.floats(0.0011, 200_000))
def test_a_duration_lies_within_its_buckets_bounds(seconds: float) -> None:
    bucket = bucket_of(seconds)
    assert upper_bound(bucket - 1) * 0.999999 <= seconds <= upper_bound(bucket) * 1.000001


def test_no_duration_has_no_quantile() -> None:
    assert quantile({}, 0.5) is None


def test_counts_cumulate_below_each_bound() -> None:
    counts = histogram([0.0015, 0.5, 0.5, 3.0, 100.0])
    assert at_most(counts, [0.002, 0.512, 4.096, 1000]) == [(0.002, 1), (0.512, 3), (4.096, 4), (1000, 5)]
