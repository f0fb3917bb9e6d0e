"""A part of the benchmark as it is told: figures per contender, or a table of a part's own making."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Section:
    """One part's outcome: Markdown for people, figures for programs."""

    title: str
    text: str
    figures: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Spread:
    """The median of some repetitions, with the least and the most."""

    middle: float
    least: float
    most: float
    repetitions: int

    def __str__(self) -> str:
        digits = 0 if self.middle >= 100 else 1
        if self.repetitions == 1:
            return f"{self.middle:,.{digits}f}"
        return f"{self.middle:,.{digits}f} ({self.least:,.{digits}f} to {self.most:,.{digits}f})"


def spread(values: list[float]) -> Spread:
    """Return the spread of the values."""
    return Spread(median(values), min(values), max(values), len(values))


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def chart(unit: str, figures: dict[str, float]) -> str:
    """Return a bar for each name, drawn where a page shows Mermaid."""
    names = ", ".join(f'"{name}"' for name in figures)
    bars = ", ".join(f"{value:.1f}" for value in figures.values())
    axes = f'  x-axis [{names}]\n  y-axis "{unit}" 0 --> {max(figures.values()):.1f}'
    return f"```mermaid\nxychart-beta horizontal\n{axes}\n  bar [{bars}]\n```"
