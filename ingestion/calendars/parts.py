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
    """Return the iCalendar text of a stored source."""
    if not source.startswith("{"):
        return source
    texts = json.loads(source).values()
    return calendar_of(part for text in texts for part in parse_calendar(text).subcomponents)
