"""When operators are told: tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from notifications.alerting.pace import Turn, is_to_tell, repetitions, turn_of

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "last", "expected"),
    [(None, 0, True), (61, 0, True), (60, 0, True), (59, 0, False), (61, 61, False), (61, 60, True), (600, 601, False)],
)
def test_an_alert_is_news_once_and_again_after_an_hour_if_seen_since(
    told: int | None, last: int, expected: bool
) -> None:
    told_at = None if told is None else NOW - timedelta(minutes=told)
    assert is_to_tell(told_at=told_at, last_at=NOW - timedelta(minutes=last), now=NOW) is expected


@pytest.mark.parametrize(
    ("waiting", "told", "expected"),
    [
        (0, 0, Turn(0, summary=False)),
        (3, 0, Turn(3, summary=False)),
        (10, 0, Turn(10, summary=False)),
        (11, 0, Turn(0, summary=True)),
        (3, 8, Turn(0, summary=True)),
        (2, 8, Turn(2, summary=False)),
        (1, 10, Turn(0, summary=False)),
        (500, 10, Turn(0, summary=False)),
    ],
)
def test_there_are_ten_an_hour_and_a_summary_for_a_flood(waiting: int, told: int, expected: Turn) -> None:
    assert turn_of(waiting, told_last_hour=told) == expected


@pytest.mark.parametrize(
    ("count", "new", "expected"), [(1, 1, 0), (4, 4, 0), (5, 1, 1), (7, 7, 3), (500, 1, 1), (500, 9, 9)]
)
def test_from_the_fifth_on_the_same_error_is_repeated(count: int, new: int, expected: int) -> None:
    assert repetitions(count, new=new) == expected
