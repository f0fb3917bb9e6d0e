"""Durations, distances and sizes read as a person would say them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jobs.phrases import attempts_words, cores_words, distance_words, duration_words, size_words, start_words

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0, "0 ms"),
        (-0.2, "0 ms"),
        (0.84, "840 ms"),
        (3.24, "3.2 s"),
        (59.7, "1 min"),
        (125, "2 min 5 s"),
        (3600, "1 h"),
        (3605, "1 h"),
        (273_600, "3 d 4 h"),
    ],
)
def test_a_duration_is_said_in_at_most_two_units(seconds: float | None, words: str) -> None:
    assert duration_words(seconds) == words


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (None, ""),
        (NOON, "just now"),
        (NOON - timedelta(minutes=5, seconds=3), "5 min ago"),
        (NOON - timedelta(days=2, hours=5), "2 d ago"),
        (NOON + timedelta(hours=3), "in 3 h"),
        (NOON + timedelta(seconds=40), "in 40 s"),
    ],
)
def test_a_distance_says_the_largest_unit_and_the_direction(moment: datetime | None, words: str) -> None:
    assert distance_words(moment, now=NOON) == words


@pytest.mark.parametrize(
    ("size", "words"), [(None, ""), (0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (5 * 1024**4, "5120.0 GiB")]
)
def test_a_size_has_a_binary_unit(size: int | None, words: str) -> None:
    assert size_words(size) == words


@pytest.mark.parametrize(("cores", "words"), [(None, ""), (0.0, "0 %"), (0.074, "7 %"), (2.3, "230 %")])
def test_cpu_is_a_share_of_one_core(cores: float | None, words: str) -> None:
    assert cores_words(cores) == words


def test_a_command_names_the_app_and_the_queues_if_any() -> None:
    assert start_words("worker", app="shop", queues=["email", "ai"]) == "celery -A shop worker -Q email,ai"
    assert start_words("beat", app="shop") == "celery -A shop beat"


@pytest.mark.parametrize(("attempts", "words"), [(1, "1 of 2"), (2, "2 of 2"), (4, "4, 2 allowed")])
def test_attempts_beyond_those_allowed_are_told_apart(attempts: int, words: str) -> None:
    assert attempts_words(attempts, most=2) == words
