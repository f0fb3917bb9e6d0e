"""Microsoft Graph's calendar: delta within a window, occurrences without their words, links that end, pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.doubles.graph_archive import GraphArchiveCalendar
from tests.doubles.graph_subscriptions import Subscriptions
from tests.doubles.server import Double, Reply, Request
from tests.doubles.tokens import ADDRESS, Tokens

PAGE = 10
ARCHIVE = "AQMkArchive="
BARE = ("id", "type", "seriesMasterId", "start", "end")


class GraphCalendarServer(Double):
    """The calendars of one user in Zurich, one to read, one to write; times are told in UTC, as asked for."""

    provider = "microsoft"

    def __init__(self) -> None:
        self.tokens = Tokens()
        self.subscriptions = Subscriptions()
        self.archive = GraphArchiveCalendar()
        self.busy = 0
        """So many requests are answered before one is refused; 0: none is."""
        self.items: dict[str, dict[str, Any]] = {}
        self._changed: dict[str, int] = {}
        self._clock, self._oldest = 0, 0
        super().__init__(self._reply)

    @property
    def base_url(self) -> str:
        """What stands in place of Microsoft's address."""
        return f"{self.url}/v1.0"

    def put(self, key: str, start: datetime, *, minutes: int = 60, **fields: Any) -> None:
        """Store an event, or change it."""
        self._clock += 1
        self._changed[key] = self._clock
        times = {"start": _time(start), "end": _time(start + timedelta(minutes=minutes))}
        whose = {"id": key, "type": "singleInstance", "iCalUId": f"uid-{key}", "originalStartTimeZone": "Europe/Zurich"}
        self.items[key] = {**whose, **self.items.get(key, {}), **times, **fields, "@odata.etag": f'W/"{self._clock}"'}

    def put_series(self, key: str, starts: list[datetime], recurrence: dict[str, Any], **fields: Any) -> None:
        """Store a series and its occurrences."""
        self.put(key, starts[0], type="seriesMaster", recurrence=recurrence, **fields)
        for number, start in enumerate(starts):
            self.put(f"{key}.{number}", start, type="occurrence", seriesMasterId=key, **fields)

    def move(self, key: str, start: datetime, **fields: Any) -> None:
        """Make an occurrence an exception."""
        original = self.items[key]["start"]["dateTime"][:19] + "Z"
        self.put(key, start, type="exception", originalStart=original, **fields)

    def delete(self, key: str) -> None:
        """Delete an event, a series with all of it, or one occurrence."""
        for each in [one for one in self.items if one == key or one.startswith(f"{key}.")]:
            del self.items[each]
            self._clock += 1
            self._changed[each] = self._clock

    def forget_deltas(self) -> None:
        """Let every link given out so far be too old, and what was deleted be forgotten."""
        self._clock += 1
        self._oldest = self._clock
        self._changed = {key: at for key, at in self._changed.items() if key in self.items}

    def _reply(self, request: Request) -> Reply:
        if request.path == "/token":
            return self.tokens.reply(request)
        if not self.tokens.lets_in(request):
            return Reply(401, {"error": {"code": "InvalidAuthenticationToken"}})
        if request.path.startswith("/v1.0/subscriptions"):
            return self.subscriptions.reply(request)
        self.busy -= 1
        if self.busy == 0:
            return Reply(429, {"error": {"code": "TooManyRequests"}}, {"Retry-After": "17"})
        path = request.path.removeprefix(f"/v1.0/users/{ADDRESS}")
        return self._read(path, request) if request.method == "GET" else self._write(path, request)

    def _write(self, path: str, request: Request) -> Reply:
        if path == f"/calendars/{ARCHIVE}/events" and request.method == "POST":
            return self.archive.create(request)
        found = self.archive.reply(request, path.removeprefix("/events/"), base="")
        return found or Reply(404, {"error": {"code": "ErrorItemNotFound"}})

    def _read(self, path: str, request: Request) -> Reply:
        if 'outlook.timezone="UTC"' not in request.headers.get("prefer", ""):
            return Reply(400, {"error": {"code": "BadRequest", "message": "this double tells times in UTC only"}})
        return self._delta(request) if path == "/calendarView/delta" else self._event(path, request)

    def _event(self, path: str, request: Request) -> Reply:
        if path == f"/calendars/{ARCHIVE}/events":
            return self.archive.search(request)
        base = f"{self.base_url}/users/{ADDRESS}"
        if copied := self.archive.reply(request, path.removeprefix("/events/"), base=base):
            return copied
        key, _, rest = path.removeprefix("/events/").partition("/")
        if key not in self.items:
            return Reply(404, {"error": {"code": "ErrorItemNotFound"}})
        if not rest:
            return Reply(200, self.items[key])
        since, until = _moment(request.query["startDateTime"]), _moment(request.query["endDateTime"])
        held = [item for item in self._within(since, until) if item.get("seriesMasterId") == key]
        offset = int(request.query.get("$skip", "0"))
        window = f"startDateTime={request.query['startDateTime']}&endDateTime={request.query['endDateTime']}"
        link = f"{self.base_url}/users/{ADDRESS}/events/{key}/instances?{window}&$skip={offset + PAGE}"
        more = {"@odata.nextLink": link} if offset + PAGE < len(held) else {}
        return Reply(200, {"value": held[offset : offset + PAGE], **more})

    def _within(self, since: datetime, until: datetime) -> list[dict[str, Any]]:
        return [
            item
            for item in self.items.values()
            if item["type"] != "seriesMaster" and _of(item["end"]) > since and _of(item["start"]) < until
        ]

    def _delta(self, request: Request) -> Reply:
        token = request.query.get("$skiptoken") or request.query.get("$deltatoken")
        if not token and {"startDateTime", "endDateTime"} - set(request.query):
            return Reply(400, {"error": {"code": "ErrorInvalidParameter"}})
        first = f"{request.query.get('startDateTime')}~{request.query.get('endDateTime')}~0~{self._clock}~0"
        start, end, since, upto, offset = (token or first).split("~")
        if int(upto) < self._oldest:
            return Reply(410, {"error": {"code": "syncStateNotFound"}})
        if "$deltatoken" in request.query:
            since, upto, offset = upto, str(self._clock), "0"
        values = self._values(_moment(start), _moment(end), int(since), int(upto))
        at = int(offset)
        link = f"{self.base_url}/users/{ADDRESS}/calendarView/delta"
        if at + PAGE < len(values):
            more = {"@odata.nextLink": f"{link}?$skiptoken={start}~{end}~{since}~{upto}~{at + PAGE}"}
        else:
            more = {"@odata.deltaLink": f"{link}?$deltatoken={start}~{end}~{upto}~{upto}~0"}
        return Reply(200, {"value": values[at : at + PAGE], **more})

    def _values(self, start: datetime, end: datetime, since: int, upto: int) -> list[dict[str, Any]]:
        there = {item["id"]: item for item in self._within(start, end)}
        changed = sorted((at, key) for key, at in self._changed.items() if since < at <= upto)
        values = []
        for _, key in changed:
            if key not in self.items and since:
                values.append({"id": key, "@removed": {"reason": "deleted"}})
            elif key in there:
                item = there[key]
                values.append({name: item[name] for name in BARE} if item["type"] == "occurrence" else item)
        return values


def _time(moment: datetime) -> dict[str, str]:
    return {"dateTime": f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": "UTC"}


def _of(given: dict[str, str]) -> datetime:
    return _moment(given["dateTime"][:19])


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
