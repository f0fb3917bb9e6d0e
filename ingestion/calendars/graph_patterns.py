"""Rules of iCalendar as Microsoft's recurrence patterns, the way back of graph_rules; pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from ingestion.calendars.graph_rules import DAYS, PLACES

NAMES = {short: name for name, short in DAYS.items()}
INDEXES = {int(number): name for name, number in PLACES.items()}
UNDERSTOOD = {"FREQ", "INTERVAL", "UNTIL", "WKST", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS"}
# Where a month is shorter Microsoft takes its last day, iCalendar none.
LAST_SURE_DAY = 28


def pattern_of(rule: Mapping[str, Any], *, start: date) -> dict[str, Any] | None:
    """Return the recurrencePattern of an RRULE that begins on `start`; None for what Microsoft has no pattern for."""
    given = {name: [str(value).upper() for value in values] for name, values in rule.items()}
    often = given.get("FREQ", [""])[0]
    named = {name for name in given if name.startswith("BY")}
    if set(given) - UNDERSTOOD:
        return None
    if often == "DAILY" and not named:
        found: dict[str, Any] | None = {"type": "daily"}
    elif often == "WEEKLY" and named <= {"BYDAY"}:
        found = _weekly(given.get("BYDAY") or [list(NAMES)[start.weekday()]])
    elif often in {"MONTHLY", "YEARLY"}:
        found = _placed(given, start, kind=often.capitalize(), named=named)
    else:
        found = None
    if found is None:
        return None
    first = NAMES[given.get("WKST", ["MO"])[0]]
    return {**found, "interval": int(given.get("INTERVAL", ["1"])[0]), "firstDayOfWeek": first}


def _weekly(days: list[str]) -> dict[str, Any] | None:
    return {"type": "weekly", "daysOfWeek": [NAMES[day] for day in days]} if set(days) <= set(NAMES) else None


def _placed(given: dict[str, list[str]], start: date, *, kind: str, named: set[str]) -> dict[str, Any] | None:
    """Return the pattern of days in a month: the 15th, or the second Tuesday."""
    months = given.get("BYMONTH", [] if "BYDAY" in named else [str(start.month)])
    month: dict[str, Any] = {"month": int(months[0])} if kind == "Yearly" and len(months) == 1 else {}
    if bool(month) != (kind == "Yearly") or (kind == "Monthly" and "BYMONTH" in named):
        return None
    if "BYDAY" in named:
        place = _weekday(given["BYDAY"], given.get("BYSETPOS", []))
        return {"type": f"relative{kind}", **place, **month} if place and "BYMONTHDAY" not in named else None
    days = [int(day) for day in given.get("BYMONTHDAY", [str(start.day)])]
    if "BYSETPOS" in named or len(days) != 1 or not 1 <= days[0] <= LAST_SURE_DAY:
        return None
    return {"type": f"absolute{kind}", "dayOfMonth": days[0], **month}


def _weekday(days: list[str], places: list[str]) -> dict[str, Any] | None:
    """Return which of which days of the week: 2TU, or BYDAY=TU with BYSETPOS=2."""
    if len(days) == 1 and days[0] not in NAMES and not places:
        days, places = [days[0][-2:]], [days[0][:-2]]
    if len(places) != 1 or int(places[0]) not in INDEXES or not set(days) <= set(NAMES):
        return None
    return {"daysOfWeek": [NAMES[day] for day in days], "index": INDEXES[int(places[0])]}
