"""When a person may be disturbed, and how often: quiet hours, daily cap, digest; plain functions, `now` included."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Pace:
    """What becomes of the messages that wait: the oldest go alone, the next in one digest, the last ones wait."""

    alone: int = 0
    bundled: int = 0
    held: int = 0


def pace(waiting: int, *, sent_today: int, daily_cap: int | None, digest_from: int | None) -> Pace:
    """Return how many of `waiting` fresh messages go alone, go in one digest, and wait for tomorrow.

    At `digest_from` or more they all go as one digest. A digest counts as one message against `daily_cap`; so the last
    place of the day is a digest of all that no longer fit. None: no such limit.
    """
    room = waiting if daily_cap is None else max(0, daily_cap - sent_today)
    if room == 0:
        return Pace(held=waiting)
    if digest_from is not None and waiting >= max(2, digest_from):
        return Pace(bundled=waiting)
    if waiting <= room:
        return Pace(alone=waiting)
    return Pace(alone=room - 1, bundled=waiting - room + 1)


def quiet_until(now: datetime, *, start: time | None, end: time | None, zone: ZoneInfo) -> datetime | None:
    """Return when the quiet hours that `now` falls into end; None outside them. The end may be on the next day."""
    if start is None or end is None or start == end:
        return None
    local = now.astimezone(zone)
    clock = local.time()
    is_quiet = start <= clock < end if start < end else clock >= start or clock < end
    return _next(now, end, zone) if is_quiet else None


def start_of_day(now: datetime, zone: ZoneInfo) -> datetime:
    """Return when the local day that `now` falls into began."""
    return at_wall_clock(now.astimezone(zone).date(), time(), zone)


def tomorrow(now: datetime, zone: ZoneInfo) -> datetime:
    """Return when the next local day begins."""
    return at_wall_clock(now.astimezone(zone).date() + ONE_DAY, time(), zone)


def at_wall_clock(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Return the moment when clocks in `zone` show `clock` on `day`.

    A time that spring leaves out is as much later as the clocks were put forward; of one that autumn has twice it is
    the first (PEP 495).
    """
    return datetime.combine(day, clock, tzinfo=zone)


def _next(now: datetime, clock: time, zone: ZoneInfo) -> datetime:
    today = now.astimezone(zone).date()
    days = (today, today + ONE_DAY)
    moments = (at_wall_clock(day, clock.replace(fold=fold), zone) for day in days for fold in (0, 1))
    return min(moment for moment in moments if moment.timestamp() > now.timestamp())
