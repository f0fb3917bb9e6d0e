"""Vectors as bytes, nearness, and rankings made one."""

from __future__ import annotations

import math

import pytest

from ingestion.embedding.hashed import HashedNGrams
from ingestion.searching.vectors import fused, nearest, packed, unpacked


def test_a_vector_rests_at_length_one() -> None:
    assert list(unpacked(packed([3.0, 4.0]))) == pytest.approx([0.6, 0.8])


@pytest.mark.parametrize("vector", [[0.0, 0.0], [math.nan, 1.0], [math.inf], []])
def test_what_has_no_direction_is_refused(vector: list[float]) -> None:
    with pytest.raises(ValueError, match="direction"):
        packed(vector)


def test_the_nearest_come_first_and_what_is_too_far_or_of_another_model_not_at_all() -> None:
    entries = [(1, packed([1, 0.1])), (2, packed([1, 0])), (3, packed([-1, 0])), (4, packed([1, 0, 0]))]
    assert nearest(packed([1, 0]), entries, least=0.5, limit=9) == [2, 1]
    assert nearest(packed([1, 0]), entries, least=0.5, limit=1) == [2]


def test_what_both_rankings_have_comes_before_what_one_has() -> None:
    assert fused([[1, 2, 3], [4, 3]]) == [3, 4, 1, 2]


def test_hashed_vectors_find_forms_and_misspellings_and_keep_strangers_apart() -> None:
    texts = [
        "quarterly budget meeting",
        "Meetings about the budgets",
        "qarterly bugdet meting",
        "holiday photos from Rome",
    ]
    same, forms, misspelt, stranger = (unpacked(packed(each)) for each in HashedNGrams().embed(texts))
    near = [sum(a * b for a, b in zip(same, other, strict=True)) for other in (forms, misspelt, stranger)]
    assert near[0] > HashedNGrams.least_similarity < near[1]
    assert near[2] < HashedNGrams.least_similarity


def test_any_text_has_a_vector() -> None:
    assert all(len(packed(each)) == 4 * 384 for each in HashedNGrams().embed(["", "a", "…", "x" * 10_000]))
