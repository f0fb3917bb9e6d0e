"""Events of Microsoft Graph as iCalendar: single ones, and series with exceptions and cancellations; pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ingestion.calendars.graph_rules import rule_of
from ingestion.calendars.ics_text import calendar_of, parse_calendar
from ingestion.calendars.occurrences import occurrence_key, occurrences

ANSWERS = {"accepted": "ACCEPTED", "declined": "DECLINED", "tentativelyAccepted": "TENTATIVE"}


def single_event(item: dict[str, Any]) -> str:
    """Return the text of an event that happens once."""
    return calendar_of([_vevent(item, _zone(item))])


def whole_series(
    master: dict[str, Any], instances: Iterable[dict[str, Any]], *, since: datetime, until: datetime
) -> str:
    """Return the text of a recurring event; `instances` are all that lie in [since, until).

    What its rule gives there and isn't among them was cancelled: Graph tells no more of it.
    """
    import icalendar

    zone = _zone(master)
    event = _vevent(master, zone)
    start = event["DTSTART"].dt
    event.add("rrule", icalendar.vRecur.from_ical(rule_of(master["recurrence"], start=start, zone=zone)))
    held = {original_start(item, zone, is_day=not isinstance(start, datetime)): item for item in instances}
    given = occurrences(parse_calendar(calendar_of([event])), since=since, until=until, zone=zone.key)
    there = {occurrence_key(moment, zone.key) for moment in held}
    for each in given:
        if each.occurrence not in there and each.starts_at >= since and each.ends_at <= until:
            event.add("exdate", each.starts_at.astimezone(zone) if isinstance(start, datetime) else _day(each))
    return calendar_of([event, *_exceptions(event, held, zone)])


def _exceptions(master: Any, held: dict[date | datetime, dict[str, Any]], zone: ZoneInfo) -> Iterable[Any]:
    for moment, item in held.items():
        if item.get("type") == "exception" or item.get("isCancelled"):
            changed = _vevent(item, zone)
            changed["UID"] = master["UID"]
            changed.add("recurrence-id", moment)
            yield changed


def _vevent(item: dict[str, Any], zone: ZoneInfo) -> Any:
    import icalendar

    event = icalendar.Event()
    event.add("uid", str(item.get("iCalUId") or item["id"]))
    is_day = bool(item.get("isAllDay"))
    event.add("dtstart", _moment(item["start"], zone, is_day=is_day))
    event.add("dtend", _moment(item["end"], zone, is_day=is_day))
    texts = (("summary", item.get("subject")), ("description", (item.get("body") or {}).get("content")),
             ("location", (item.get("location") or {}).get("displayName")))  # fmt: skip
    for name, text in texts:
        if text:
            event.add(name, str(text).strip())
    event.add("status", "CANCELLED" if item.get("isCancelled") else "CONFIRMED")
    event.add("class", "PRIVATE" if item.get("sensitivity") in {"private", "confidential"} else "PUBLIC")
    if item.get("organizer"):
        event.add("organizer", _person(item["organizer"]), encode=False)
    for person in item.get("attendees") or []:
        event.add("attendee", _person(person), encode=False)
    return event


def _person(person: dict[str, Any]) -> Any:
    import icalendar

    who = person.get("emailAddress") or {}
    address = icalendar.vCalAddress(f"mailto:{who.get('address', '')}")
    if who.get("name"):
        address.params["CN"] = str(who["name"])
    if answer := ANSWERS.get((person.get("status") or {}).get("response", "")):
        address.params["PARTSTAT"] = answer
    return address


def original_start(item: dict[str, Any], zone: ZoneInfo, *, is_day: bool) -> date | datetime:
    """Return when an instance was to begin: an exception names it, any other begins then."""
    if item.get("type") == "exception" and item.get("originalStart"):
        moment = datetime.fromisoformat(str(item["originalStart"]))
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(zone)
        return moment.date() if is_day else moment
    return _moment(item["start"], zone, is_day=is_day)


def _moment(given: dict[str, str], zone: ZoneInfo, *, is_day: bool) -> date | datetime:
    moment = datetime.fromisoformat(given["dateTime"])
    if is_day:
        return moment.date()
    return moment.replace(tzinfo=_named(given.get("timeZone", "UTC"))).astimezone(zone)


def _zone(item: dict[str, Any]) -> ZoneInfo:
    return _named(str(item.get("originalStartTimeZone") or "UTC"))


def _named(name: str) -> ZoneInfo:
    """Return the zone of a name, Windows' or IANA's; UTC for one that nobody knows."""
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    try:
        return ZoneInfo(WINDOWS_TO_OLSON.get(name, name))
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _day(each: Any) -> date:
    return datetime.strptime(each.occurrence, "%Y%m%d").replace(tzinfo=UTC).date()
