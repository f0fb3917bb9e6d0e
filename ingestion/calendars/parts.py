"""A recurring event that its provider keeps in several objects, kept together as one; pure."""

from __future__ import annotations

import json

from ingestion.calendars.ics_text import calendar_of, parse_calendar
from ingestion.calendars.protocol import Change


def merged(before: str, change: Change) -> str:
    """Return the stored source after a change; "" when nothing is left of it."""
    if not change.part:
        return change.source or ""
    parts: dict[str, str] = json.loads(before) if before.startswith("{") else {}
    if change.source is None:
        parts.pop(change.part, None)
    else:
        parts[change.part] = change.source
    return json.dumps(parts, ensure_ascii=False, sort_keys=True) if parts else ""


def whole(source: str) -> str:
    """Return the iCalendar text of a stored source; parts get its UID and, where they have none, its title."""
    if not source.startswith("{"):
        return source
    parts = [part for text in json.loads(source).values() for part in parse_calendar(text).subcomponents]
    events = [part for part in parts if part.name == "VEVENT"]
    leading = next((event for event in events if "RECURRENCE-ID" not in event), events[0])
    for event in events:
        event["UID"] = leading["UID"]
        if "SUMMARY" not in event and "SUMMARY" in leading:
            event["SUMMARY"] = leading["SUMMARY"]
    return calendar_of(parts)
