"""Google Calendar's REST interface: pages, sync tokens that end, exceptions as objects of their own."""

from __future__ import annotations

from typing import Any

from tests.doubles.server import Double, Reply, Request
from tests.doubles.tokens import Tokens

ADDRESS = "anna@x.org"
PAGE = 10
# The real server refuses these together with a sync token.
NOT_WITH_TOKENS = {"timeMin", "timeMax", "q", "orderBy", "updatedMin", "iCalUID"}


class GoogleCalendarServer(Double):
    """One calendar in Zurich."""

    def __init__(self) -> None:
        self.tokens = Tokens()
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
