"""What a fire noticed late means; pure. Many late ones become one, those past their grace are missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which fire time runs now (None: none does), which was missed first, and how many were."""

    runs: datetime | None
    missed_first: datetime | None = None
    missed_count: int = 0


def judge(fires: Sequence[datetime], *, now: datetime, grace: timedelta) -> Verdict:
    """Return the verdict over due fire times, oldest first: the latest runs if within its grace, the rest coalesce."""
    late = [fire for fire in fires if now - fire > grace]
    runs = fires[-1] if fires and now - fires[-1] <= grace else None
    return Verdict(runs, late[0] if late else None, len(late))
