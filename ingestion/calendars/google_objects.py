"""A calendar object, with its exceptions, as Google's JSON: what is put into an archive calendar; pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ingestion.calendars.ics_text import parse_calendar

ANSWERS = {"ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "tentative"}


def events_of(source: str, *, zone: str) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return the event, and its exceptions by their original start (RFC 3339); `zone` is that of times without one.

    Raises: UnreadableCalendarError.
    """
    events = parse_calendar(source).walk("VEVENT")
    exceptions = {
        _text(event["RECURRENCE-ID"].dt, zone): _values(event, zone) for event in events if "RECURRENCE-ID" in event
    }
    leading = next((event for event in events if "RECURRENCE-ID" not in event), events[0])
    return {**_values(leading, zone), "iCalUID": str(leading["UID"]), "recurrence": _rules(leading)}, exceptions


def _values(event: Any, zone: str) -> dict[str, Any]:
    start = event["DTSTART"].dt
    end = event["DTEND"].dt if "DTEND" in event else start + event["DURATION"].dt if "DURATION" in event else start
    is_private = str(event.get("CLASS", "")).upper() in {"PRIVATE", "CONFIDENTIAL"}
    return {
        "summary": str(event.get("SUMMARY", "")),
        "description": str(event.get("DESCRIPTION", "")),
        "location": str(event.get("LOCATION", "")),
        "start": _moment(start, zone),
        "end": _moment(end, zone),
        "status": str(event.get("STATUS", "CONFIRMED")).lower(),
        "visibility": "private" if is_private else "default",
        "attendees": _people(event.get("ATTENDEE", [])),
        # A copy of the past wakes nobody.
        "reminders": {"useDefault": False, "overrides": []},
    }


def _rules(event: Any) -> list[str]:
    """Return RRULE, EXDATE and RDATE as the lines of iCalendar, which Google takes as they are."""
    lines = event.to_ical().decode().replace("\r\n ", "").splitlines()
    return [line for line in lines if line.startswith(("RRULE", "EXDATE", "RDATE"))]


def _moment(moment: Any, zone: str) -> dict[str, str]:
    if not isinstance(moment, datetime):
        return {"date": moment.isoformat()}
    aware = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
    return {"dateTime": aware.isoformat(), "timeZone": str(getattr(aware.tzinfo, "key", None) or "UTC")}


def _text(moment: Any, zone: str) -> str:
    return str(next(iter(_moment(moment, zone).values())))


def _people(given: Any) -> list[dict[str, str]]:
    people = given if isinstance(given, list) else [given]
    return [
        {
            "email": str(person).lower().removeprefix("mailto:"),
            "displayName": str(person.params.get("CN", "")),
            "responseStatus": ANSWERS.get(str(person.params.get("PARTSTAT", "")).upper(), "needsAction"),
        }
        for person in people
    ]
