"""Google Calendar's REST interface: pages, sync tokens that end, exceptions as objects of their own."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

from tests.doubles.server import Double, Reply, Request
from tests.doubles.tokens import ADDRESS, Tokens

ARCHIVE = "archive@x.org"
PAGE = 10
# The real server refuses these together with a sync token.
NOT_WITH_TOKENS = {"timeMin", "timeMax", "q", "orderBy", "updatedMin", "iCalUID"}


class Archive:
    """A second calendar, that is written: imports by iCalUID, instances by original start, patches."""

    def __init__(self) -> None:
        self.events: dict[str, dict[str, Any]] = {}
        self.writes = 0

    def reply(self, request: Request) -> Reply:
        """Answer a request below its events."""
        path = request.path.partition("/events/")[2]
        if request.method != "GET" and request.query.get("sendUpdates") != "none":
            return Reply(400, {"error": {"message": "somebody would be told of a copy"}})
        if (request.method, path) == ("POST", "import"):
            return self._import(request.json)
        key, _, rest = path.partition("/")
        if request.method == "PATCH" and not rest:
            return self._patch(key, request.json)
        master = self.events.get(key)
        if master is None or rest != "instances":
            return Reply(404, {"error": {"code": 404}})
        wanted = datetime.fromisoformat(request.query["originalStart"]).astimezone(UTC)
        found = [{"id": f"{key}_{start:%Y%m%dT%H%M%SZ}"} for start in starts_of(master) if start == wanted]
        return Reply(200, {"items": found})

    def _import(self, event: dict[str, Any]) -> Reply:
        missing = {"iCalUID", "start", "end"} - set(event)
        if missing or (event.get("recurrence") and "dateTime" in event["start"] and "timeZone" not in event["start"]):
            return Reply(400, {"error": {"message": f"missing: {sorted(missing) or 'time zone'}"}})
        key = hashlib.sha256(event["iCalUID"].encode()).hexdigest()[:26]
        self.events[key] = event
        # Another import of a recurring event lets its exceptions go, as an update of the whole does.
        self.events = {name: one for name, one in self.events.items() if not name.startswith(f"{key}_")}
        self.writes += 1
        return Reply(200, {"id": key, **event})

    def _patch(self, key: str, changes: dict[str, Any]) -> Reply:
        if key.partition("_")[0] not in self.events:
            return Reply(404, {"error": {"code": 404}})
        self.events[key] = {**self.events.get(key, {}), **changes}
        self.writes += 1
        return Reply(200, {"id": key})


def starts_of(event: dict[str, Any]) -> list[datetime]:
    """Return when the occurrences of a timed event were to begin, in UTC."""
    start = datetime.fromisoformat(event["start"]["dateTime"]).astimezone(ZoneInfo(event["start"]["timeZone"]))
    lines = [f"DTSTART;TZID={start.tzinfo}:{start:%Y%m%dT%H%M%S}", *event.get("recurrence", [])]
    text = "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:x", *lines, "END:VEVENT", "END:VCALENDAR", ""])
    found = recurring_ical_events.of(icalendar.Calendar.from_ical(text)).between((2000,), (2100,))
    return [each["DTSTART"].dt.astimezone(UTC) for each in found]


class GoogleCalendarServer(Double):
    """One calendar in Zurich."""

    provider = "google"

    def __init__(self) -> None:
        self.tokens = Tokens()
        self.archive = Archive()
        self._items: dict[str, tuple[int, dict[str, Any]]] = {}
        self._clock, self._oldest = 0, 0
        super().__init__(self._reply)

    @property
    def base_url(self) -> str:
        """What stands in place of Google's address."""
        return f"{self.url}/calendar/v3"

    def put(self, key: str, **fields: Any) -> None:
        """Store an event or a change of it."""
        self._clock += 1
        known = self._items.get(key, (0, {"id": key, "status": "confirmed", "iCalUID": f"{key}@google.com"}))[1]
        self._items[key] = (self._clock, {**known, **fields, "etag": f'"{self._clock}"'})

    def cancel(self, key: str, **fields: Any) -> None:
        """Cancel one occurrence, of which the real server tells no more than this."""
        self._clock += 1
        self._items[key] = (self._clock, {"id": key, "status": "cancelled", "etag": f'"{self._clock}"', **fields})

    def delete(self, key: str) -> None:
        """Remove an event: from then on only its id is told."""
        self._clock += 1
        self._items[key] = (self._clock, {"id": key, "status": "cancelled", "etag": f'"{self._clock}"'})

    def forget_tokens(self) -> None:
        """Let every sync token given out so far be too old, and what was deleted be forgotten."""
        self._clock += 1
        self._oldest = self._clock
        self._items = {key: item for key, item in self._items.items() if item[1]["status"] != "cancelled"}

    def _reply(self, request: Request) -> Reply:
        if request.path == "/token":
            return self.tokens.reply(request)
        if not self.tokens.lets_in(request):
            return Reply(401, {"error": {"code": 401}})
        if request.path.startswith(f"/calendar/v3/calendars/{ARCHIVE}/events"):
            return self.archive.reply(request)
        if request.path != f"/calendar/v3/calendars/{ADDRESS}/events":
            return Reply(404, {"error": {"code": 404}})
        since = int(request.query.get("syncToken", "0"))
        if since and (since < self._oldest or NOT_WITH_TOKENS & set(request.query)):
            return Reply(410 if since < self._oldest else 400, {"error": {"errors": [{"reason": "fullSyncRequired"}]}})
        changed = sorted((at, key) for key, (at, _) in self._items.items() if at > since)
        offset = int(request.query.get("pageToken", "0"))
        items = [self._items[key][1] for _, key in changed[offset : offset + PAGE]]
        last = offset + PAGE >= len(changed)
        more = {"nextSyncToken": str(self._clock or 1)} if last else {"nextPageToken": str(offset + PAGE)}
        return Reply(200, {"timeZone": "Europe/Zurich", "items": items, **more})
