"""Durations counted in fixed log-spaced buckets, so that histograms of any jobs and times can be added; pure.

A bucket is a quarter of a power of two wide (DDSketch, Masson et al. 2019): its middle is within 9 % of what it holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

Histogram = dict[str, int]
"""{bucket: count}; a bucket's number is text, because the keys of a JSON object are."""

STEPS_PER_DOUBLING = 4
LEAST_SECONDS = 0.001
LAST_BUCKET = 112
"""Everything from 3 days on."""


def bucket_of(seconds: float) -> int:
    """Return the number of the bucket that holds the duration; up to a millisecond it is 0."""
    if seconds <= LEAST_SECONDS:
        return 0
    return min(LAST_BUCKET, math.floor(STEPS_PER_DOUBLING * math.log2(seconds / LEAST_SECONDS)))


def upper_bound(bucket: int) -> float:
    """Return the seconds at which the bucket ends."""
    return _edge(bucket + 1)


def merged(histograms: Iterable[Mapping[str, int]]) -> Histogram:
    """Return the sum of the histograms."""
    total: Histogram = {}
    for histogram in histograms:
        for bucket, count in histogram.items():
            total[bucket] = total.get(bucket, 0) + count
    return total


def quantile(histogram: Mapping[str, int], share: float) -> float | None:
    """Return the seconds that `share` (0 to 1) of the durations don't exceed, within 9 %; None when there are none."""
    wanted = math.ceil(share * sum(histogram.values()))
    seen = 0
    for bucket in sorted(map(int, histogram)):
        seen += histogram[str(bucket)]
        if seen >= max(wanted, 1):
            return round(_edge(bucket + 0.5), 6)
    return None


def at_most(histogram: Mapping[str, int], bounds: Iterable[float]) -> list[tuple[float, int]]:
    """Return how many durations lie in the buckets that end at or below each bound, cumulated, as Prometheus counts."""
    counts = [(upper_bound(int(bucket)), count) for bucket, count in histogram.items()]
    return [(bound, sum(count for end, count in counts if end <= bound * 1.000001)) for bound in bounds]


def _edge(bucket: float) -> float:
    return LEAST_SECONDS * math.pow(2.0, bucket / STEPS_PER_DOUBLING)
