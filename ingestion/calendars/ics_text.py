"""iCalendar text taken apart and put together: one text per UID with the zones it names; pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from ingestion.calendars.errors import UnreadableCalendarError

LARGEST = 20_000_000
PRODUCT = "-//Daybook//Calendars//EN"


def parse_calendar(text: str) -> Any:
    """Return the calendar (icalendar.Calendar).

    Raises: UnreadableCalendarError.
    """
    import icalendar

    if len(text) > LARGEST:
        message = f"a calendar of {len(text)} characters; at most {LARGEST}"
        raise UnreadableCalendarError(message)
    try:
        return icalendar.Calendar.from_ical(text)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        message = f"no iCalendar: {error}"[:300]
        raise UnreadableCalendarError(message) from None


def by_uid(text: str) -> dict[str, str]:
    """Return the text of each UID's events, whole with the zones; events without a UID get one from their content."""
    whole = parse_calendar(text)
    zones = [part for part in whole.subcomponents if part.name == "VTIMEZONE"]
    groups: dict[str, list[Any]] = {}
    for event in whole.walk("VEVENT"):
        uid = str(event.get("UID") or f"digest-{digest(event.to_ical().decode('utf-8', 'replace'))}")
        groups.setdefault(uid, []).append(event)
    return {uid: calendar_of([*_named(zones, events), *events]) for uid, events in groups.items()}


def calendar_of(components: Iterable[Any]) -> str:
    """Return the text of a calendar with these components."""
    import icalendar

    made = icalendar.Calendar()
    made.add("prodid", PRODUCT)
    made.add("version", "2.0")
    for component in components:
        made.add_component(component)
    return str(made.to_ical().decode())


def digest(text: str) -> str:
    """Return what changes with the text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _named(zones: list[Any], events: list[Any]) -> list[Any]:
    text = "\n".join(event.to_ical().decode("utf-8", "replace") for event in events)
    return [zone for zone in zones if str(zone.get("TZID", "")) in text]
