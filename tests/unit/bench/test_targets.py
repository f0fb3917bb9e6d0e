"""What a benchmark's figures say in words."""

from __future__ import annotations

import pytest

from bench.targets import (
    BARE,
    BULK,
    DAYBOOK,
    FASTEST,
    FASTEST_WITH_HISTORY,
    LATENCY,
    PACKED,
    Figures,
    Target,
    sentences,
)

FIGURES: Figures = {
    DAYBOOK: {"value": 500},
    PACKED: {"value": 3000},
    BARE: {"value": 600},
    "Quick": {"value": 4000},
    "Keeper": {"value": 300},
}


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (
            Target(DAYBOOK, BARE, 1.0),
            "Daybook: 0.83 times Celery, results ignored; the target is at least 1: missed.",
        ),
        (
            Target(PACKED, FASTEST, 1.5),
            "Daybook, packed: 0.75 times the fastest peer (Quick); the target is at least 1.5: missed.",
        ),
        (
            Target(PACKED, FASTEST_WITH_HISTORY, 10),
            (
                "Daybook, packed: 10.00 times the fastest peer with history in a database (Keeper);"
                " the target is at least 10: met."
            ),
        ),
        (Target("Daybook, unmeasured", BARE, 1.0), ""),
        (Target(DAYBOOK, "Unmeasured", 1.0), ""),
    ],
)
def test_a_target_is_told_with_its_rival_and_verdict(target: Target, told: str) -> None:
    assert target.told(FIGURES, {"Keeper"}) == told


def test_peers_that_are_faster_are_named_fastest_first() -> None:
    assert sentences((), FIGURES, (), more_is_better=True) == [
        "Ahead of Daybook: Quick (8.0 times), Celery, results ignored (1.2 times).",
        "Ahead of Daybook, packed: Quick (1.3 times).",
    ]


def test_where_less_is_better_the_bound_is_the_most_and_the_least_is_ahead() -> None:
    figures = {DAYBOOK: {"value": 4.0, "p95": 8.0}, BARE: {"value": 2.0, "p95": 5.0}}
    assert sentences(LATENCY, figures, (), more_is_better=False) == [
        "p95 of Daybook: 1.60 times Celery, results ignored; the target is at most 1.5: missed.",
        "Ahead of Daybook: Celery, results ignored (2.0 times).",
    ]


def test_an_absolute_bound_needs_no_rival() -> None:
    assert sentences(BULK, {DAYBOOK: {"value": 12_345.0}}, (), more_is_better=True) == [
        "Daybook: 12,345; the target is at least 10,000: met.",
        "Ahead of Daybook: none.",
    ]


def test_alone_there_is_no_fastest_peer() -> None:
    assert not Target(PACKED, FASTEST, 1.5).told({PACKED: {"value": 1.0}}, ())
