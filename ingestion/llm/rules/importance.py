"""Weighs what was found in a mail into low, normal or high; the weights are the whole of the rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from ingestion.llm.verdict import Importance

NEAR = timedelta(days=14)
HIGH_FROM = 3
CONSEQUENTIAL = frozenset(
    {"invoice", "statement", "travel", "contract", "account", "appointment", "security", "undelivered", "order"}
)


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What the rules found in one mail."""

    sent_on: date
    kind: Literal["person", "machine", "bulk", "away"]
    addressed: Literal["directly", "copy", "list"] = "directly"
    is_own: bool = False
    asks: bool = False
    deadline_on: date | None = None
    is_urgent: bool = False
    is_overdue: bool = False
    is_security: bool = False
    is_official: bool = False
    is_marked_important: bool = False
    labels: frozenset[str] = frozenset()


def weigh(found: Findings) -> tuple[Importance, tuple[str, ...]]:
    """Return the importance and the reasons for it."""
    if found.is_own:
        return "normal", ("written by the owner",)
    if found.kind == "bulk":
        return "low", ("sent to many",)
    near = found.deadline_on is not None and found.deadline_on - found.sent_on <= NEAR
    if found.kind == "away":
        return "low", ("automatic reply of someone who is away",)
    weights = [
        (found.asks, 1, "asks for something"),
        (near, 2, f"deadline {found.deadline_on}"),
        (found.is_urgent, 3, "urgent words"),
        (found.is_overdue, 3, "overdue, or a loss is threatened"),
        (found.is_security, 3, "security notice"),
        (found.is_official, 3, "official letter"),
        (found.is_marked_important, 1, "marked important by its sender"),
        (found.kind == "machine", -1, "written by a machine"),
        (found.addressed != "directly", -1, "owner not named under To"),
    ]
    score = sum(weight for applies, weight, _ in weights if applies)
    reasons = tuple(f"{reason} ({weight:+d})" for applies, weight, reason in weights if applies)
    if score >= HIGH_FROM:
        return "high", reasons
    has_consequence = found.deadline_on is not None or found.labels & CONSEQUENTIAL
    if found.kind == "machine" and score < 1 and not has_consequence:
        return "low", (*reasons, "a notice without consequence")
    return "normal", reasons
