"""Contenders in turns: one that fails ends nothing, and rounds fit into the time."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.contenders import Contender
from bench.ground import Ground
from bench.racing import Race


def race(ground: Path, measured: list[str], repetitions: int, share: float, only: str) -> str:
    def measure(_: Ground, contender: Contender) -> dict[str, float]:
        measured.append(contender.name)
        if contender.name == "Dramatiq":
            raise LookupError("no | worker\nand more")
        return {"value": float(len(measured))}

    contest = Race("latency", "Title", "ms", measure, share)
    return contest.run(Ground(ground), repetitions=repetitions, only=only).text


def test_one_that_fails_is_told_with_its_reason_and_not_tried_again(tmp_path: Path) -> None:
    measured: list[str] = []
    text = race(tmp_path, measured, 2, 1.0, "dramatiq,Huey")
    assert measured == ["Dramatiq", "Huey, 2 processes", "Huey, 2 processes"]
    assert text.splitlines()[2:] == [
        "| Huey, 2 processes | 2.5 (2.0 to 3.0) | nothing |",
        "| Dramatiq | failed | nothing |",
        "",
        "Repetitions: 2.",
        "",
        "```mermaid",
        "xychart-beta horizontal",
        '  x-axis ["Huey, 2 processes"]',
        '  y-axis "ms" 0 --> 2.5',
        "  bar [2.5]",
        "```",
        "",
        "- Dramatiq failed: LookupError: no / worker",
    ]


def test_no_round_begins_that_would_not_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[str] = []
    monkeypatch.setenv("BENCH_MINUTES", "0")
    assert "Repetitions: 1." in race(tmp_path, measured, 3, 1.0, "Huey")
    assert measured == ["Huey, 2 processes"]
