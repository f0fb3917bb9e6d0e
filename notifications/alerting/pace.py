"""When operators are told of what is wrong; plain functions, `now` included."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

AGAIN_AFTER = timedelta(hours=1)
MOST_PER_HOUR = 10
REPEATED_FROM = 5


@dataclass(frozen=True)
class Turn:
    """How many alerts are told one by one, and whether the others go in one summary."""

    alone: int
    summary: bool


def is_to_tell(*, told_at: datetime | None, last_at: datetime, now: datetime) -> bool:
    """Return whether an alert is news: never told, or seen again since and told over an hour ago."""
    return told_at is None or (last_at > told_at and now - told_at >= AGAIN_AFTER)


def turn_of(waiting: int, *, told_last_hour: int, most: int = MOST_PER_HOUR) -> Turn:
    """Return what is told now: while there is room all alone, then one summary, then nothing until the hour is over."""
    room = max(0, most - told_last_hour)
    if waiting <= room:
        return Turn(waiting, summary=False)
    return Turn(0, summary=room > 0)


def repetitions(count: int, *, new: int) -> int:
    """Return how many of the `new` latest of `count` same errors came so often that they are an alert of their own."""
    return max(0, min(new, count - REPEATED_FROM + 1))
