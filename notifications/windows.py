"""When something is worth saying: the briefing's hours, look-ahead, nearing deadlines, cooldowns; plain functions."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from notifications.pacing import at_wall_clock

BRIEFING_FROM, BRIEFING_UNTIL = time(7), time(9)
STAGES = (timedelta(hours=72), timedelta(hours=24), timedelta(hours=3))
COOLDOWN = timedelta(hours=2)
ONE_DAY = timedelta(days=1)


def briefing_day(now: datetime, zone: ZoneInfo) -> date | None:
    """Return the local date to brief for when it is 07:00 to 08:59 there; None at any other time."""
    local = now.astimezone(zone)
    return local.date() if BRIEFING_FROM <= local.time() < BRIEFING_UNTIL else None


def is_about_to_start(starts_at: datetime, *, now: datetime, look_ahead: timedelta) -> bool:
    """Return whether something starts within the look-ahead and hasn't yet."""
    return timedelta(0) < starts_at - now <= look_ahead


def end_of_due(due_at: datetime, *, is_day: bool, zone: ZoneInfo) -> datetime:
    """Return the moment a deadline ends: of a mere day (kept as noon UTC) the reader's midnight after it."""
    return at_wall_clock(due_at.date() + ONE_DAY, time(), zone) if is_day else due_at


def deadline_stage(ends_at: datetime, *, now: datetime) -> int | None:
    """Return which reminder a deadline is due for, in hours before it: 72, 24 or 3; None before and after.

    Stages that passed unnoticed are not made up: the nearest one counts.
    """
    left = ends_at - now
    reached = [stage for stage in STAGES if timedelta(0) < left <= stage]
    return round(min(reached) / timedelta(hours=1)) if reached else None


def has_cooled_down(last_told: datetime | None, *, now: datetime, cooldown: timedelta = COOLDOWN) -> bool:
    """Return whether enough time has gone by since the reader was last told of the same thing."""
    return last_told is None or now - last_told >= cooldown


def is_due_within(ends_at: datetime, *, now: datetime, within: timedelta) -> bool:
    """Return whether something is due from now on and within so long."""
    return timedelta(0) <= ends_at - now <= within


def waits_too_long(sent_at: datetime, *, now: datetime, days: int, forgotten_after: timedelta) -> bool:
    """Return whether an answer is overdue by `days`, and not so old that nobody expects it any more."""
    return timedelta(days=days) <= now - sent_at <= forgotten_after
