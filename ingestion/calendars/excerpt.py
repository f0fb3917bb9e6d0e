"""A recurring event cut down to some of its occurrences: still recurring, with its exceptions; pure.

The rule is kept, begun at the first and ended at the last wanted occurrence; what it gives too much is left out by
EXDATE, what it lacks is added by RDATE (RFC 5545, 3.8.5).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ingestion.calendars.ics_text import by_uid, calendar_of, parse_calendar
from ingestion.calendars.occurrences import occurrence_key, occurrences

# An original start is at most so far from where an exception moved it.
MARGIN = timedelta(days=2)


def excerpt(text: str, keys: Collection[str], *, zone: str) -> str:
    """Return the calendar object with only the occurrences of those keys; one that isn't recurring as it is."""
    whole = parse_calendar(text)
    events = whole.walk("VEVENT")
    masters = [event for event in events if "RECURRENCE-ID" not in event]
    if not any("RRULE" in event or "RDATE" in event for event in masters):
        kept = [event for event in events if "RECURRENCE-ID" not in event or _key(event, zone) in keys]
        return _with_zones(whole, kept)
    kept = [event for event in events if "RECURRENCE-ID" in event and _key(event, zone) in keys]
    master = _bounded(masters[0], sorted(keys), zone)
    candidate = _with_zones(whole, [master])
    given = {each.occurrence for each in _expanded(candidate, keys, zone)}
    _add(master, "exdate", sorted(given - set(keys)), zone)
    _add(master, "rdate", sorted(set(keys) - given), zone)
    return _with_zones(whole, [master, *kept])


def _bounded(master: Any, keys: list[str], zone: str) -> Any:
    start = master["DTSTART"].dt
    first, last = _moment(keys[0], start, zone), _moment(keys[-1], start, zone)
    made = master.copy()
    made.subcomponents = list(master.subcomponents)
    for name in ("DTSTART", "DTEND", "EXDATE", "RDATE", "RRULE"):
        made.pop(name, None)
    made.add("dtstart", first)
    if "DTEND" in master:
        made.add("dtend", first + (master["DTEND"].dt - start))
    rules = master.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        ended = {name: value for name, value in rule.items() if name not in {"COUNT", "UNTIL"}}
        until = last.astimezone(UTC) if isinstance(last, datetime) and last.tzinfo else last
        made.add("rrule", {**ended, "UNTIL": [until]})
    return made


def _add(master: Any, name: str, keys: Iterable[str], zone: str) -> None:
    start = master["DTSTART"].dt
    if moments := [_moment(key, start, zone) for key in keys]:
        master.add(name, moments, parameters={} if isinstance(start, datetime) else {"VALUE": "DATE"})


def _expanded(text: str, keys: Collection[str], zone: str) -> Any:
    moments = [_utc(key) for key in keys]
    return occurrences(parse_calendar(text), since=min(moments) - MARGIN, until=max(moments) + MARGIN, zone=zone)


def _key(event: Any, zone: str) -> str:
    return occurrence_key(event["RECURRENCE-ID"].dt, zone)


def _utc(key: str) -> datetime:
    form = "%Y%m%dT%H%M%SZ" if key.endswith("Z") else "%Y%m%d"
    return datetime.strptime(key, form).replace(tzinfo=UTC)


def _moment(key: str, like: date | datetime, zone: str) -> date | datetime:
    """Return the occurrence's original start in the form of `like`: a day, local time, or time in the same zone."""
    moment = _utc(key)
    if not isinstance(like, datetime):
        return moment.date()
    if like.tzinfo is None:
        return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return moment.astimezone(like.tzinfo)


def _with_zones(whole: Any, events: list[Any]) -> str:
    zones = [part for part in whole.subcomponents if part.name == "VTIMEZONE"]
    return next(iter(by_uid(calendar_of([*zones, *events])).values()))
