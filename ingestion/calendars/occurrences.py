"""A parsed calendar object to what happens when, within a window; recurrence by recurring-ical-events; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from ingestion.calendars.errors import UnreadableCalendarError
from ingestion.charsets import storable

MOST = 2000
MOST_ATTENDEES = 500
# Rules that fire within the day would cost minutes to expand, and no person has such an appointment.
TOO_OFTEN = {"SECONDLY", "MINUTELY", "HOURLY"}
MOST_TIMES_A_DAY = 24
ANSWERS = {"ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "tentative"}
STATUSES = {"TENTATIVE": "tentative", "CANCELLED": "cancelled"}
NO_PUBLIC = {"PRIVATE", "CONFIDENTIAL"}


@dataclass(frozen=True, kw_only=True)
class Occurrence:
    """One thing at one time; fields as in CalendarEvent."""

    uid: str
    occurrence: str
    starts_at: datetime
    ends_at: datetime
    title: str = ""
    description: str = ""
    place: str = ""
    is_all_day: bool = False
    zone: str = ""
    status: str = "confirmed"
    is_private: bool = False
    is_exception: bool = False
    organizer_name: str = ""
    organizer_address: str = ""
    attendees: list[dict[str, str]] = field(default_factory=list)


def is_recurring(whole: Any) -> bool:
    """Tell whether the object, a parsed calendar, has more than one occurrence by rule or by list."""
    events = whole.walk("VEVENT")
    return any("RRULE" in event or "RDATE" in event or "RECURRENCE-ID" in event for event in events)


def occurrences(whole: Any, *, since: datetime, until: datetime, zone: str) -> list[Occurrence]:
    """Return what happens in [since, until), by start; `whole` is a parsed calendar, `zone` that of times without one.

    Raises: UnreadableCalendarError also for rules that fire within the day, and for more than MOST occurrences.
    """
    import recurring_ical_events

    _refuse_costly_rules(whole)
    exceptions = {
        _moment(event["RECURRENCE-ID"].dt, zone) for event in whole.walk("VEVENT") if "RECURRENCE-ID" in event
    }
    recurring = is_recurring(whole)
    try:
        events = recurring_ical_events.of(whole).between(since, until)
        found = [_occurrence(event, zone, recurring=recurring, exceptions=exceptions) for event in events[: MOST + 1]]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        message = f"can't be expanded: {type(error).__name__}: {error}"[:300]
        raise UnreadableCalendarError(message) from None
    if len(found) > MOST:
        message = f"more than {MOST} occurrences"
        raise UnreadableCalendarError(message)
    return sorted(found, key=lambda each: (each.starts_at, each.occurrence))


def occurrence_key(moment: date | datetime, zone: str) -> str:
    """Return how an occurrence is named: its original start in UTC; a day stays a day."""
    if not isinstance(moment, datetime):
        return f"{moment:%Y%m%d}"
    return f"{_moment(moment, zone):%Y%m%dT%H%M%SZ}"


def _refuse_costly_rules(whole: Any) -> None:
    for event in whole.walk("VEVENT"):
        rules = event.get("RRULE", [])
        for rule in rules if isinstance(rules, list) else [rules]:
            often = str(next(iter(rule.get("FREQ", [])), "")).upper()
            times = 1
            for name in ("BYHOUR", "BYMINUTE", "BYSECOND"):
                times *= max(1, len(rule.get(name, [])))
            if often in TOO_OFTEN or times > MOST_TIMES_A_DAY:
                message = f"a rule that fires {often.lower()}, {times} times"
                raise UnreadableCalendarError(message)


def _occurrence(event: Any, zone: str, *, recurring: bool, exceptions: set[datetime]) -> Occurrence:
    start, end = event["DTSTART"].dt, event["DTEND"].dt
    original = event["RECURRENCE-ID"].dt if "RECURRENCE-ID" in event else start
    organizer = event.get("ORGANIZER")
    return Occurrence(
        uid=_text(event.get("UID"), 255),
        occurrence=occurrence_key(original, zone) if recurring else "",
        starts_at=_moment(start, zone),
        ends_at=max(_moment(end, zone), _moment(start, zone)),
        title=_text(event.get("SUMMARY"), 1000),
        description=_text(event.get("DESCRIPTION"), 100_000),
        place=_text(event.get("LOCATION"), 1000),
        is_all_day=not isinstance(start, datetime),
        zone=_zone_of(start, zone),
        status=STATUSES.get(_text(event.get("STATUS"), 20).upper(), "confirmed"),
        is_private=_text(event.get("CLASS"), 20).upper() in NO_PUBLIC,
        is_exception=_moment(original, zone) in exceptions,
        organizer_name=_name(organizer),
        organizer_address=_address(organizer),
        attendees=_attendees(event.get("ATTENDEE", [])),
    )


def _moment(value: date | datetime, zone: str) -> datetime:
    if not isinstance(value, datetime):
        value = datetime.combine(value, time())
    return (value if value.tzinfo else value.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def _zone_of(start: date | datetime, zone: str) -> str:
    named = getattr(getattr(start, "tzinfo", None), "key", None)
    return str(named or ("UTC" if getattr(start, "tzinfo", None) is UTC else zone))[:64]


def _attendees(given: Any) -> list[dict[str, str]]:
    people: Iterable[Any] = given if isinstance(given, list) else [given]
    return [
        {
            "name": _name(person),
            "address": _address(person),
            "answer": ANSWERS.get(str(person.params.get("PARTSTAT", "")).upper(), "none"),
        }
        for person in list(people)[:MOST_ATTENDEES]
    ]


def _name(person: Any) -> str:
    return _text(person.params.get("CN"), 320) if person is not None else ""


def _address(person: Any) -> str:
    return _text(person, 320).lower().removeprefix("mailto:") if person is not None else ""


def _text(value: Any, longest: int) -> str:
    return storable(str(value))[:longest] if value is not None else ""
