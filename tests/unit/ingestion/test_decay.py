"""The curve of relevance: half after a half-life, slower for what matters, never more than the importance."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.decay import relevance_after

pytestmark = pytest.mark.req("SW-19")
IMPORTANCE = st.floats(0.01, 1)
DAYS = st.floats(0, 10_000)


@pytest.mark.parametrize(
    ("days", "importance", "relevance"),
    [(0, 0.8, 0.8), (14 * 5, 0.8, 0.4), (14 * 2, 0.2, 0.1), (14 * 6, 1.0, 0.5), (-3, 0.5, 0.5), (100, 0.0, 0.0)],
)
def test_it_is_half_after_its_half_life(days: float, importance: float, relevance: float) -> None:
    assert relevance_after(days, importance=importance) == pytest.approx(relevance)


@given(DAYS, st.floats(0, 1000), IMPORTANCE)
def test_it_only_falls(days: float, more: float, importance: float) -> None:
    assert 0 <= relevance_after(days + more, importance=importance) <= relevance_after(days, importance=importance) <= 1


@given(DAYS, IMPORTANCE, IMPORTANCE)
def test_what_matters_more_stays_ahead(days: float, one: float, other: float) -> None:
    low, high = sorted([one, other])
    assert relevance_after(days, importance=low) <= relevance_after(days, importance=high)
