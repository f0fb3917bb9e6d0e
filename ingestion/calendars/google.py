"""Google Calendar by its REST interface: what changed by sync token, everything when the token is gone.

A recurring event and each of its exceptions are objects of their own there; here they are parts of one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ingestion.calendars.google_objects import events_of
from ingestion.calendars.ics_text import calendar_of
from ingestion.calendars.protocol import Change, ChangePage, Cursor, Versions
from ingestion.providers.errors import PositionLostError, RejectedError
from ingestion.providers.http import Authorization, Call, HttpApi, http_api
from ingestion.providers.protocol import stored_key

OBJECTS_AT_ONCE = 250
MASTER = "master"
ANSWERS = {"accepted": "ACCEPTED", "declined": "DECLINED", "tentative": "TENTATIVE"}


class GoogleCalendar:
    """One calendar; `url` ends with calendars/ID."""

    def __init__(self, url: str, authorization: Authorization) -> None:
        base, _, name = url.rpartition("/")
        self._url, self._authorization = f"{base}/{quote(name, safe='%@')}/events", authorization

    def changes(self, cursor: Cursor, *, full: bool, versions: Versions) -> Iterator[ChangePage]:
        """Yield what changed since the sync token. The cursor is {"token": str}."""
        token = "" if full else str(cursor.get("token", ""))
        with http_api(self._authorization) as api:
            try:
                yield from self._pages(api, token, before=cursor if token else {})
            except PositionLostError:
                yield from self._pages(api, "", before={})

    def put(self, uid: str, source: str, *, zone: str) -> None:
        """Import the object by its UID, then bring its exceptions into their places; nobody is told of it.

        Raises: ProviderError, also when Google doesn't know an exception's original time.
        """
        del uid  # It stands in the object.
        event, exceptions = events_of(source, zone=zone)
        silently = {"sendUpdates": "none"}
        with http_api(self._authorization) as api:
            call = Call(method="POST", url=f"{self._url}/import", params=silently, json=event)
            key = quote(str(api.ask(call).json()["id"]), safe="")
            for original, changes in exceptions.items():
                url = f"{self._url}/{key}/instances"
                asked = {"originalStart": original, "showDeleted": "true", "maxResults": "1"}
                found = api.ask(Call(method="GET", url=url, params=asked)).json().get("items", [])
                if not found:
                    raise RejectedError(f"the archive has no occurrence at {original}")
                url = f"{self._url}/{quote(str(found[0]['id']), safe='')}"
                api.ask(Call(method="PATCH", url=url, params=silently, json=changes))

    def _pages(self, api: HttpApi, token: str, *, before: Cursor) -> Iterator[ChangePage]:
        """Yield the pages of one listing; its token comes with the last one, so a killed sync lists again."""
        present: set[str] = set()
        params = {"maxResults": str(OBJECTS_AT_ONCE), "showDeleted": "true", "singleEvents": "false"}
        if token:
            params["syncToken"] = token
        while True:
            page: dict[str, Any] = api.ask(Call(method="GET", url=self._url, params=params)).json()
            zone = str(page.get("timeZone", "UTC"))
            changes = tuple(_change(item, zone) for item in page.get("items", []))
            present |= {change.key for change in changes if change.source}
            if not page.get("nextPageToken"):
                whole = None if token else frozenset(present)
                yield ChangePage(changes, {"token": page["nextSyncToken"]}, whole)
                return
            yield ChangePage(changes, before)
            params["pageToken"] = page["nextPageToken"]


def _change(item: dict[str, Any], zone: str) -> Change:
    master = item.get("recurringEventId")
    key, version = stored_key(str(master or item["id"])), str(item.get("etag", ""))[:255]
    if item.get("status") == "cancelled" and not master:
        return Change(key, version)
    return Change(key, version, calendar_of([_vevent(item, zone)]), part=str(item["id"]) if master else MASTER)


def _vevent(item: dict[str, Any], zone: str) -> Any:
    import icalendar

    event = icalendar.Event()
    event.add("uid", item.get("iCalUID") or item.get("recurringEventId") or item["id"])
    original = item.get("originalStartTime")
    # A cancelled occurrence comes with no more than its original start.
    start: dict[str, str] = item.get("start") or original or {"date": "1970-01-01"}
    event.add("dtstart", _moment(start, zone))
    event.add("dtend", _moment(item.get("end") or start, zone))
    if original:
        event.add("recurrence-id", _moment(original, zone))
    for name, value in (("summary", "summary"), ("description", "description"), ("location", "location")):
        if item.get(value):
            event.add(name, str(item[value]))
    event.add("status", str(item.get("status", "confirmed")).upper())
    event.add("class", "PRIVATE" if item.get("visibility") in {"private", "confidential"} else "PUBLIC")
    _add_people(event, item)
    return _with_rules(event, item.get("recurrence", []))


def _with_rules(event: Any, lines: list[str]) -> Any:
    """Add RRULE, EXDATE and RDATE, which Google gives as lines of iCalendar."""
    import icalendar

    text = event.to_ical().decode()
    rules = "".join(f"{line}\r\n" for line in lines if line.startswith(("RRULE", "EXDATE", "RDATE")))
    return icalendar.Event.from_ical(text.replace("END:VEVENT", f"{rules}END:VEVENT")) if rules else event


def _add_people(event: Any, item: dict[str, Any]) -> None:
    import icalendar

    for name, people in (("organizer", [item["organizer"]] if item.get("organizer") else []),
                         ("attendee", item.get("attendees", []))):  # fmt: skip
        for person in people:
            address = icalendar.vCalAddress(f"mailto:{person.get('email', '')}")
            if person.get("displayName"):
                address.params["CN"] = str(person["displayName"])
            if answer := ANSWERS.get(person.get("responseStatus", "")):
                address.params["PARTSTAT"] = answer
            event.add(name, address, encode=False)


def _moment(given: dict[str, str], zone: str) -> date | datetime:
    if "date" in given:
        return date.fromisoformat(given["date"])
    moment = datetime.fromisoformat(given["dateTime"])
    try:
        place = ZoneInfo(given.get("timeZone") or zone)
    except (ZoneInfoNotFoundError, ValueError):
        return moment.astimezone(UTC)
    return moment.astimezone(place)
