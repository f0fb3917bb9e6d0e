"""A schedule's rule as people type it, such as `0 8 * * 1-5` or `every 5 minutes`; pure, and read back as written."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django_celery_beat.models import SOLAR_SCHEDULES, PeriodicTask

from jobs.errors import RuleError
from jobs.policies import Cron

FORMS = "`0 8 * * 1-5`, `every 5 minutes`, `daily 07:30`, `weekly mon 07:30` or `at 2030-05-01 09:00`"
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_UNITS = {"s": "seconds", "m": "minutes", "min": "minutes", "h": "hours", "d": "days"}
_PERIODS = ("days", "hours", "minutes", "seconds", "microseconds")
_NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
}
_EVERY = re.compile(r"(?:every\s+)?(?P<count>\d{1,9})?\s*(?P<unit>[a-z]+)", re.IGNORECASE)
_CLOCK = re.compile(r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)")


class RuleTextError(RuleError):
    """The text is no rule; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Period:
    """Every so many units; the unit is one of django-celery-beat's periods."""

    count: int
    unit: str


@dataclass(frozen=True, slots=True)
class Once:
    """One moment."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Solar:
    """An event of the sun at a place, in degrees as written."""

    event: str
    latitude: str
    longitude: str


WrittenRule = Cron | Period | Once | Solar


def read_rule(text: str, *, zone: str = "UTC") -> WrittenRule:
    """Return the rule that the text means; `zone` is the wall clock's of a crontab or a time without offset.

    Raises: RuleTextError.
    """
    check_zone(zone)
    words = text.split()
    first = words[0].lower() if words else ""
    if first in _NICKNAMES and len(words) == 1:
        return Cron(_NICKNAMES[first], zone)
    if first == "cron" and len(words) == 6:
        words = words[1:]
    if len(words) == 5:
        return Cron(" ".join(words), zone)
    if first in {"daily", "weekly"}:
        return _wall_clock(first, [word.lower() for word in words[1:] if word.lower() != "at"], zone)
    if first == "solar":
        return _solar(words[1:])
    return _period(" ".join(words)) or _once(text.strip(), zone)


def rule_text(schedule: PeriodicTask) -> str:
    """Return the schedule's rule as read_rule() reads it; empty without a rule."""
    if cron := schedule.crontab:
        fields = (cron.minute, cron.hour, cron.day_of_month, cron.month_of_year, cron.day_of_week)
        return " ".join("".join(str(field).split()) or "*" for field in fields)
    if interval := schedule.interval:
        return f"every {interval.every} {interval.period}"
    if clocked := schedule.clocked:
        return f"at {clocked.clocked_time.astimezone(UTC):%Y-%m-%d %H:%M:%S}+00:00"
    if solar := schedule.solar:
        return f"solar {solar.event} {solar.latitude} {solar.longitude}"
    return ""


def check_zone(zone: str) -> None:
    """Check that the zone is in the time zone database.

    Raises: RuleTextError, with the nearest names.
    """
    if zone not in zones():
        near = difflib.get_close_matches(zone, zones(), n=3, cutoff=0.6)
        hint = f"; did you mean {', '.join(near)}?" if near else ", such as Europe/Zurich"
        raise RuleTextError(f"{zone!r} is no time zone{hint}")


@cache
def zones() -> tuple[str, ...]:
    """Return the names of all time zones, sorted."""
    return tuple(sorted(available_timezones()))


def _wall_clock(often: str, words: list[str], zone: str) -> Cron:
    days = {day: number for number, day in enumerate(WEEKDAYS)}
    clock = _CLOCK.fullmatch(words[-1]) if words else None
    day = words[0][:3] if often == "weekly" and len(words) == 2 else ""
    if clock is None or (often == "weekly" and day not in days) or (often == "daily" and len(words) != 1):
        raise RuleTextError("write `daily 07:30` or `weekly mon 07:30`, with hours 0-23 and minutes 00-59")
    return Cron(f"{int(clock['minute'])} {int(clock['hour'])} * * {days[day] if day else '*'}", zone)


def _period(text: str) -> Period | None:
    found = _EVERY.fullmatch(text)
    if found is None:
        return None
    unit = found["unit"].lower()
    unit = _UNITS.get(unit) or next((period for period in _PERIODS if unit in {period, period[:-1]}), "")
    if not unit:
        raise RuleTextError(f"{text!r} is no rule; write {FORMS}")
    count = int(found["count"] or 1)
    if count < 1:
        raise RuleTextError("a period is at least 1")
    return Period(count, unit)


def _solar(words: list[str]) -> Solar:
    events = [name for name, _ in SOLAR_SCHEDULES]
    if len(words) != 3 or words[0] not in events:
        raise RuleTextError(f"write `solar EVENT LATITUDE LONGITUDE`; events are {', '.join(events)}")
    return Solar(*words)


def _once(text: str, zone: str) -> Once:
    said = re.sub(r"^(at|once)\s+", "", text, flags=re.IGNORECASE)
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        raise RuleTextError(f"{text!r} is no rule; write {FORMS}" if text else f"write {FORMS}") from None
    return Once(moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone)))
