"""Microsoft's recurrence patterns as rules of iCalendar (RFC 5545, 3.3.10); pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from ingestion.calendars.errors import UnreadableCalendarError

DAYS = {name: name[:2].upper() for name in
        ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")}  # fmt: skip
PLACES = {"first": "1", "second": "2", "third": "3", "fourth": "4", "last": "-1"}
FREQUENCIES = {"daily": "DAILY", "weekly": "WEEKLY", "absoluteMonthly": "MONTHLY", "relativeMonthly": "MONTHLY",
               "absoluteYearly": "YEARLY", "relativeYearly": "YEARLY"}  # fmt: skip


def rule_of(recurrence: dict[str, Any], *, start: date | datetime, zone: ZoneInfo) -> str:
    """Return the RRULE of a patternedRecurrence whose first time is `start`, in `zone`.

    Raises: UnreadableCalendarError for a pattern that is none of Microsoft's.
    """
    try:
        pattern, span = recurrence["pattern"], recurrence["range"]
        parts = [f"FREQ={FREQUENCIES[pattern['type']]}", f"INTERVAL={int(pattern.get('interval') or 1)}"]
        parts += _days(pattern)
        if pattern.get("firstDayOfWeek") in DAYS:
            parts.append(f"WKST={DAYS[pattern['firstDayOfWeek']]}")
        return ";".join([*parts, *_end(span, start, zone)])
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableCalendarError(f"no pattern of recurrence: {type(error).__name__} {error}"[:200]) from None


def _days(pattern: dict[str, Any]) -> list[str]:
    kind, days = str(pattern["type"]), ",".join(DAYS[day] for day in pattern.get("daysOfWeek") or [])
    parts = [f"BYMONTH={int(pattern['month'])}"] if kind.endswith("Yearly") else []
    if kind.startswith("relative"):
        # "The second of Tuesday and Thursday" is the second day that is one of them.
        return [*parts, f"BYDAY={days}", f"BYSETPOS={PLACES[pattern.get('index') or 'first']}"]
    if kind.startswith("absolute"):
        return [*parts, f"BYMONTHDAY={int(pattern['dayOfMonth'])}"]
    return [f"BYDAY={days}"] if kind == "weekly" and days else []


def _end(span: dict[str, Any], start: date | datetime, zone: ZoneInfo) -> list[str]:
    if span["type"] == "numbered":
        return [f"COUNT={int(span['numberOfOccurrences'])}"]
    if span["type"] != "endDate":
        return []
    last = date.fromisoformat(span["endDate"])
    if not isinstance(start, datetime):
        return [f"UNTIL={last:%Y%m%d}"]
    return [f"UNTIL={datetime.combine(last, time(23, 59, 59), zone).astimezone(UTC):%Y%m%dT%H%M%SZ}"]
