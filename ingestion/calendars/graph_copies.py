"""A calendar object as the events of Graph that stand for it in an archive; pure.

Attendees become words of the text: Graph would invite whoever is an attendee of a new event.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ingestion.calendars.graph_patterns import pattern_of
from ingestion.calendars.ics_text import calendar_of, parse_calendar
from ingestion.calendars.occurrences import Occurrence, occurrences

# An exception is at most so far from the span of its rule.
MARGIN = timedelta(days=366)


@dataclass(frozen=True, kw_only=True)
class Copies:
    """What an archive is to hold of one calendar object."""

    series: dict[str, Any] | None
    """The recurring event; None where there is none, or Graph has no pattern for its rule."""
    occurrences: dict[str, Occurrence]
    """Whatever happens, by original start; the series is to give these and no others."""
    sensitivity: str
    first: date
    last: date
    """The days between which its rule fires."""

    def single(self, each: Occurrence) -> dict[str, Any]:
        """Return an occurrence as an event of its own."""
        return {**event_of(each), "sensitivity": self.sensitivity}


def copies_of(source: str, *, zone: str) -> Copies:
    """Return the copies of an object whose rule has its last day (UNTIL); `zone` is that of times without one.

    All are as private as the most private part: Graph keeps no exception apart in that.

    Raises: UnreadableCalendarError.
    """
    whole = parse_calendar(source)
    days = list(_days(whole))
    first, last = min(days), max(days)
    found = occurrences(whole, since=_midnight(first) - MARGIN, until=_midnight(last) + MARGIN, zone=zone)
    held = {each.occurrence: each for each in found if each.status != "cancelled"}
    sensitivity = "private" if any(each.is_private for each in found) else "normal"
    is_regular = any(not each.is_exception for each in held.values())
    series = _series(whole, zone) if is_regular else None
    return Copies(
        series={**series, "sensitivity": sensitivity} if series else None,
        occurrences=held,
        sensitivity=sensitivity,
        first=first,
        last=last,
    )


def event_of(each: Occurrence) -> dict[str, Any]:
    """Return an occurrence as Graph's JSON, with nobody invited or reminded."""
    return {
        "subject": each.title,
        "body": {"contentType": "text", "content": _text(each)},
        "location": {"displayName": each.place},
        "start": _moment(each.starts_at, each.zone),
        "end": _moment(each.ends_at, each.zone),
        "isAllDay": each.is_all_day,
        "showAs": "tentative" if each.status == "tentative" else "busy",
        "isReminderOn": False,
        "responseRequested": False,
    }


def _series(whole: Any, zone: str) -> dict[str, Any] | None:
    leading = next((event for event in whole.walk("VEVENT") if "RECURRENCE-ID" not in event), None)
    rule = leading.get("RRULE") if leading is not None else None
    if leading is None or rule is None or isinstance(rule, list):
        return None
    bare = leading.copy()
    bare.subcomponents = []
    for name in ("RRULE", "RDATE", "EXDATE"):
        bare.pop(name, None)
    day = _day(leading["DTSTART"].dt)
    zones = [part for part in whole.subcomponents if part.name == "VTIMEZONE"]
    alone = parse_calendar(calendar_of([*zones, bare]))
    (first,) = occurrences(alone, since=_midnight(day) - MARGIN, until=_midnight(day) + MARGIN, zone=zone)
    pattern = pattern_of(rule, start=day)
    last = max(_local_day(moment, first.zone) for moment in rule.get("UNTIL", [day]))
    span = {"type": "endDate", "startDate": f"{day}", "endDate": f"{last}", "recurrenceTimeZone": first.zone}
    return {**event_of(first), "recurrence": {"pattern": pattern, "range": span}} if pattern else None


def _days(whole: Any) -> Iterable[date]:
    for event in whole.walk("VEVENT"):
        yield _day(event["DTSTART"].dt)
        rules = event.get("RRULE", [])
        for rule in rules if isinstance(rules, list) else [rules]:
            yield from map(_day, rule.get("UNTIL", []))
        lists = event.get("RDATE", [])
        for given in lists if isinstance(lists, list) else [lists]:
            yield from (_day(each.dt) for each in given.dts)


def _day(moment: Any) -> date:
    given = moment[0] if isinstance(moment, tuple) else moment
    return given.date() if isinstance(given, datetime) else given


def _local_day(moment: date, zone: str) -> date:
    if isinstance(moment, datetime) and moment.tzinfo:
        return moment.astimezone(ZoneInfo(zone)).date()
    return _day(moment)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _moment(moment: datetime, zone: str) -> dict[str, str]:
    return {"dateTime": f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M:%S}", "timeZone": zone}


def _text(each: Occurrence) -> str:
    organizer = {"name": each.organizer_name, "address": each.organizer_address}
    roles = {"Organizer": [organizer] if each.organizer_address else [], "Attendees": each.attendees}
    lines = [f"{role}: {', '.join(map(_person, people))}" for role, people in roles.items() if people]
    return "\n\n".join(part for part in (each.description, "\n".join(lines)) if part)


def _person(person: dict[str, str]) -> str:
    return f"{person['name']} <{person['address']}>".strip()
