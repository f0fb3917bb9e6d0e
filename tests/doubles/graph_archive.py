"""A calendar of Microsoft Graph that is written: patterns expanded as Outlook does, and what Graph refuses refused."""

from __future__ import annotations

import calendar as months
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.doubles.server import Reply, Request

PAGE = 10
LONGEST_WINDOW = timedelta(days=1825)
PROPERTY = re.compile(r"String \{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\} Name \w+")
FILTER = re.compile(r"singleValueExtendedProperties/Any\(ep: ep/id eq '(String \{[^']+)' and ep/value eq '([^']+)'\)")
EXPAND = re.compile(r"singleValueExtendedProperties\(\$filter=id eq '(String \{[^']+)'\)")
WRITABLE = {"subject", "body", "location", "start", "end", "isAllDay", "showAs", "isReminderOn", "responseRequested",
            "sensitivity", "recurrence", "singleValueExtendedProperties"}  # fmt: skip
NOT_OF_ONE_OCCURRENCE = {"recurrence", "sensitivity"}
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NEEDED = {"daily": set(), "weekly": {"daysOfWeek"}, "absoluteMonthly": {"dayOfMonth"},
          "relativeMonthly": {"daysOfWeek", "index"}, "absoluteYearly": {"dayOfMonth", "month"},
          "relativeYearly": {"daysOfWeek", "index", "month"}}  # fmt: skip


class GraphArchiveCalendar:
    """Events by id; occurrences have ids of their own, and live with their series."""

    def __init__(self) -> None:
        self.events: dict[str, dict[str, Any]] = {}
        self.writes = 0
        self._made = 0

    def create(self, request: Request) -> Reply:
        """Answer POST events."""
        event = request.json
        if problem := _problem(event, WRITABLE) or _problem_of_times(event):
            return _bad(problem)
        self._made += 1
        self.writes += 1
        key = f"AAMk{self._made:04}="
        self.events[key] = {**event, "id": key, "occurrences": {}}
        if "recurrence" in event:
            starts = _starts(event)
            if not starts:
                return _bad("a recurrence without occurrences")
            self.events[key]["occurrences"] = {f"{key[:-1]}-{n}=": {"at": at} for n, at in enumerate(starts)}
        return Reply(201, {"id": key})

    def search(self, request: Request) -> Reply:
        """Answer GET events, which must ask for a property."""
        wanted = FILTER.fullmatch(request.query.get("$filter", ""))
        shown = EXPAND.fullmatch(request.query.get("$expand", ""))
        if not wanted or not shown:
            return _bad("no filter this double knows")
        found = []
        for key, event in self.events.items():
            own = {each["id"]: each["value"] for each in event.get("singleValueExtendedProperties", [])}
            if own.get(wanted[1]) == wanted[2]:
                more = [{"id": shown[1], "value": own[shown[1]]}] if shown[1] in own else []
                found.append({"id": key, **({"singleValueExtendedProperties": more} if more else {})})
        return Reply(200, {"value": found})

    def reply(self, request: Request, path: str, *, base: str) -> Reply | None:
        """Answer a request for an event or an occurrence; None where there is none of that id."""
        key, _, rest = path.partition("/")
        series = next((event for event in self.events.values() if key in event["occurrences"]), None)
        if key not in self.events and series is None:
            return None
        if rest == "instances":
            return self._instances(request, key, base=base)
        self.writes += 1
        if request.method == "DELETE":
            (series["occurrences"] if series else self.events).pop(key)
            return Reply(204, b"")
        return self._change_one(series, key, request.json) if series else self._change(key, request.json)

    def shown(self) -> list[tuple[Any, ...]]:
        """Return what a person sees: (subject, start in UTC, sensitivity, is it of a series), by start."""
        seen: list[tuple[Any, ...]] = []
        for event in self.events.values():
            for item in self._items(event) if "recurrence" in event else [event]:
                start = _moment(item["start"]).astimezone(UTC)
                seen.append((item["subject"], f"{start:%m-%d %H:%M}", event["sensitivity"], "recurrence" in event))
        return sorted(seen, key=lambda each: (each[1], each[0]))

    def _change(self, key: str, changes: dict[str, Any]) -> Reply:
        if problem := _problem(changes, WRITABLE):
            return _bad(problem)
        own = {each["id"]: each for each in self.events[key].get("singleValueExtendedProperties", [])}
        own |= {each["id"]: each for each in changes.get("singleValueExtendedProperties", [])}
        self.events[key] = {**self.events[key], **changes, "singleValueExtendedProperties": list(own.values())}
        return Reply(200, {"id": key})

    def _change_one(self, series: dict[str, Any], key: str, changes: dict[str, Any]) -> Reply:
        if problem := _problem(changes, WRITABLE - NOT_OF_ONE_OCCURRENCE):
            return _bad(problem)
        days = {name: each["at"].date() for name, each in series["occurrences"].items()}
        others = [day for name, day in days.items() if name != key]
        new, old = _moment(changes["start"]).date(), days[key]
        if any(min(new, old) <= day <= max(new, old) for day in others):
            return Reply(400, {"error": {"code": "ErrorOccurrenceCrossingBoundary"}})
        series["occurrences"][key]["changes"] = changes
        return Reply(200, {"id": key})

    def _instances(self, request: Request, key: str, *, base: str) -> Reply:
        since, until = (datetime.fromisoformat(request.query[name]) for name in ("startDateTime", "endDateTime"))
        if until - since > LONGEST_WINDOW:
            return _bad("the window is longer than five years")
        items = [item for item in self._items(self.events[key]) if since <= _moment(item["start"]) < until]
        offset = int(request.query.get("$skip", "0"))
        window = f"startDateTime={since:%Y-%m-%dT%H:%M:%SZ}&endDateTime={until:%Y-%m-%dT%H:%M:%SZ}"
        link = f"{base}/events/{key}/instances?{window}&$skip={offset + PAGE}"
        more = {"@odata.nextLink": link} if offset + PAGE < len(items) else {}
        return Reply(200, {"value": items[offset : offset + PAGE], **more})

    def _items(self, series: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the occurrences, with times in UTC but for days."""
        lasts = _moment(series["end"]) - _moment(series["start"])
        items = []
        for key, each in series["occurrences"].items():
            at = each["at"] if series["isAllDay"] else each["at"].astimezone(UTC)
            given = {"start": _told(at), "end": _told(at + lasts), "subject": series["subject"], "type": "occurrence"}
            if "changes" in each:
                given |= {
                    **each["changes"],
                    "type": "exception",
                    "originalStart": f"{each['at'].astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
                }
            items.append({"id": key, "seriesMasterId": series["id"], **given})
        return items


def _bad(problem: str) -> Reply:
    return Reply(400, {"error": {"code": "ErrorInvalidRequest", "message": problem}})


def _problem(event: dict[str, Any], allowed: set[str]) -> str:
    if "attendees" in event:
        return "somebody would be invited to a copy"
    if event.get("isReminderOn"):
        return "somebody would be reminded of a copy"
    if unknown := set(event) - allowed:
        return f"not to be set: {sorted(unknown)}"
    if any(not PROPERTY.fullmatch(each["id"]) for each in event.get("singleValueExtendedProperties", [])):
        return "the id of an extended property is malformed"
    return ""


def _problem_of_times(event: dict[str, Any]) -> str:
    start, end = _moment(event["start"]), _moment(event["end"])
    if end < start:
        return "it ends before it begins"
    if event.get("isAllDay") and (start.time() != time() or end.time() != time() or end == start):
        return "an event of whole days begins and ends at midnight"
    if "recurrence" not in event:
        return ""
    pattern, span = event["recurrence"]["pattern"], event["recurrence"]["range"]
    if set(pattern) != {"type", "interval", "firstDayOfWeek", *NEEDED[pattern["type"]]}:
        return "the pattern has too much or too little"
    if (
        span["startDate"] != start.date().isoformat()
        or span["type"] != "endDate"
        or span["endDate"] < span["startDate"]
    ):
        return "the range doesn't fit"
    return ""


def _starts(event: dict[str, Any]) -> list[datetime]:
    """Return when the occurrences begin: every day of the range that fits the pattern, in the series' zone."""
    start, pattern, span = _moment(event["start"]), event["recurrence"]["pattern"], event["recurrence"]["range"]
    day, last = date.fromisoformat(span["startDate"]), date.fromisoformat(span["endDate"])
    zone = ZoneInfo(span["recurrenceTimeZone"])
    first, days = day, []
    while day <= last:
        if _fits(day, first, pattern):
            days.append(day)
        day += timedelta(days=1)
    return [datetime.combine(day, start.time(), zone) for day in days]


def _fits(day: date, first: date, pattern: dict[str, Any]) -> bool:
    kind, interval = pattern["type"], pattern["interval"]
    name, length = WEEK[day.weekday()], months.monthrange(day.year, day.month)[1]
    if kind == "daily":
        return bool((day - first).days % interval == 0)
    if kind == "weekly":
        begins = WEEK.index(pattern["firstDayOfWeek"])
        weeks = [one - timedelta(days=(one.weekday() - begins) % 7) for one in (day, first)]
        return name in pattern["daysOfWeek"] and (weeks[0] - weeks[1]).days // 7 % interval == 0
    since = (day.year - first.year) * 12 + day.month - first.month
    every = interval * 12 if kind.endswith("Yearly") else interval
    if since % every or ("month" in pattern and day.month != pattern["month"]):
        return False
    if kind.startswith("absolute"):
        # Outlook takes a short month's last day.
        return bool(day.day == min(pattern["dayOfMonth"], length))
    fitting = [n for n in range(1, length + 1) if WEEK[day.replace(day=n).weekday()] in pattern["daysOfWeek"]]
    places = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1}
    return day.day == fitting[places[pattern["index"]]]


def _moment(given: dict[str, str]) -> datetime:
    return datetime.fromisoformat(given["dateTime"][:19]).replace(tzinfo=ZoneInfo(given["timeZone"]))


def _told(moment: datetime) -> dict[str, str]:
    return {"dateTime": f"{moment:%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": "UTC"}
