"""When what happens to an exchange: reminders, completion, warning, purge; plain functions, `now` included."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from notifications.exchanges.states import ExchangeState
from notifications.pacing import at_wall_clock

WARN_AFTER = timedelta(days=23)
PURGE_AFTER = timedelta(days=30)
GRACE = timedelta(hours=1)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Dates:
    """What decides when the reminders of an exchange go out."""

    state: str
    day: date
    clock: time
    zone: ZoneInfo
    days_before: Iterable[int]


def reminder_times(dates: Dates, *, now: datetime, done: Iterable[int] = ()) -> dict[int, datetime]:
    """Return when each reminder that is still to come goes out, by days before, in UTC.

    Only a matched exchange reminds. A reminder whose time has passed, or that went out once, is not made up.
    """
    if dates.state != ExchangeState.MATCHED:
        return {}
    wanted = set(dates.days_before) - set(done)
    times = {days: _at(dates, days) for days in sorted(wanted) if days >= 0}
    return {days: at for days, at in times.items() if at > now}


def is_time_for(dates: Dates, days: int, *, now: datetime) -> bool:
    """Return whether the reminder `days` before is due: not before its time, at most an hour after, matched."""
    is_wanted = dates.state == ExchangeState.MATCHED and days in set(dates.days_before)
    return is_wanted and timedelta(0) <= now - _at(dates, days) <= GRACE


def is_over(day: date, zone: ZoneInfo, *, now: datetime) -> bool:
    """Return whether the day of the exchange has passed where it is held."""
    return now >= at_wall_clock(day + ONE_DAY, time(), zone)


def is_to_warn(completed_at: datetime, warned_at: datetime | None, *, now: datetime) -> bool:
    """Return whether the organiser is to be warned of the purge: once, between day 23 and day 30."""
    return warned_at is None and WARN_AFTER <= now - completed_at < PURGE_AFTER


def is_to_purge(completed_at: datetime, *, now: datetime) -> bool:
    """Return whether an exchange completed then is to be purged."""
    return now - completed_at >= PURGE_AFTER


def _at(dates: Dates, days: int) -> datetime:
    return at_wall_clock(dates.day - timedelta(days=days), dates.clock, dates.zone).astimezone(UTC)
