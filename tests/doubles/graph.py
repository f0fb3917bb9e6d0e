"""Microsoft Graph's mail: delta links that end, pages, batches that come back in part, tokens that end."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from tests.doubles.graph_subscriptions import Subscriptions
from tests.doubles.server import Double, Reply, Request
from tests.doubles.tokens import ADDRESS, Tokens

PAGE = 15
MOST_IN_A_BATCH = 20


class GraphServer(Double):
    """One mailbox of two folders; `busy` ids of messages are refused once each, within their batch."""

    provider = "microsoft"

    def __init__(self) -> None:
        self.tokens = Tokens()
        self.subscriptions = Subscriptions()
        self.mails: dict[str, tuple[str, int, bytes | None]] = {}
        self.marks: dict[str, dict[str, Any]] = {}
        self.busy: set[str] = set()
        self.refusals: list[tuple[str, Reply]] = []
        self._clock, self._oldest = 0, 0
        super().__init__(self._reply)

    @property
    def base_url(self) -> str:
        """What stands in place of Microsoft's address."""
        return f"{self.url}/v1.0"

    def deliver(self, *messages: bytes, folder: str = "inbox") -> list[str]:
        """Put messages into a folder and return their ids."""
        ids = []
        for raw in messages:
            self._clock += 1
            ids.append(f"AAMk{self._clock:06}=")
            self.mails[ids[-1]] = (folder, self._clock, raw)
        return ids

    def delete(self, key: str) -> None:
        """Remove a message; the next delta tells."""
        self._clock += 1
        self.mails[key] = (self.mails[key][0], self._clock, None)

    def mark(self, key: str, **marks: Any) -> None:
        """Change `isRead` or `flag` of a message."""
        self._clock += 1
        self.mails[key] = (self.mails[key][0], self._clock, self.mails[key][2])
        self.marks[key] = {**self.marks.get(key, {}), **marks}

    def forget_deltas(self) -> None:
        """Let every link given out so far be too old."""
        self._clock += 1
        self._oldest = self._clock

    def _reply(self, request: Request) -> Reply:
        if request.path == "/token":
            return self.tokens.reply(request)
        if not self.tokens.lets_in(request):
            return Reply(401, {"error": {"code": "InvalidAuthenticationToken"}})
        for at, (part, refusal) in enumerate(self.refusals):
            if part in request.path:
                del self.refusals[at]
                return refusal
        if request.path.startswith("/v1.0/subscriptions"):
            return self.subscriptions.reply(request)
        if request.path == "/v1.0/$batch":
            return self._batch(request)
        return self._folder(request)

    def _folder(self, request: Request) -> Reply:
        prefix, suffix = f"/v1.0/users/{ADDRESS}/mailFolders/", "/messages/delta"
        if request.path.startswith(prefix) and request.path.endswith(suffix):
            return self._delta(request, request.path.removeprefix(prefix).removesuffix(suffix))
        return Reply(404, {"error": {"code": "ResourceNotFound"}})

    def _delta(self, request: Request, folder: str) -> Reply:
        since, upto, offset = 0, self._clock, 0
        if token := request.query.get("$skiptoken") or request.query.get("$deltatoken"):
            since, upto, offset = map(int, token.split("-"))
            if (since and since < self._oldest) or upto < self._oldest:
                return Reply(410, {"error": {"code": "syncStateNotFound"}})
            upto = upto if "$skiptoken" in request.query else self._clock
        elif request.query.get("$select") != "id,isDraft,isRead,flag":
            return Reply(400, {"error": {"code": "BadRequest"}})
        changed = sorted(
            (at, key) for key, (where, at, _) in self.mails.items() if where == folder and since < at <= upto
        )
        items = [self._item(key) for _, key in changed[offset : offset + PAGE]]
        link = f"{self.base_url}/users/{ADDRESS}/mailFolders/{folder}/messages/delta"
        if offset + PAGE < len(changed):
            more = {"@odata.nextLink": f"{link}?$skiptoken={since}-{upto}-{offset + PAGE}"}
        else:
            more = {"@odata.deltaLink": f"{link}?$deltatoken={upto}-{upto}-0"}
        return Reply(200, {"value": items, **more})

    def _item(self, key: str) -> dict[str, Any]:
        if self.mails[key][2] is None:
            return {"id": key, "@removed": {"reason": "deleted"}}
        return {
            "id": key,
            "isDraft": False,
            "isRead": False,
            "flag": {"flagStatus": "notFlagged"},
            **self.marks.get(key, {}),
        }

    def _batch(self, request: Request) -> Reply:
        asked = request.json["requests"]
        if len(asked) > MOST_IN_A_BATCH:
            return Reply(400, {"error": {"code": "BadRequest", "message": "too many requests in a batch"}})
        # Responses come in any order.
        return Reply(200, {"responses": [self._content(each) for each in reversed(asked)]})

    def _content(self, asked: dict[str, str]) -> dict[str, Any]:
        key = asked["url"].removeprefix(f"/users/{ADDRESS}/messages/").removesuffix("/$value")
        if key in self.busy:
            self.busy.remove(key)
            return {"id": asked["id"], "status": 429, "headers": {"Retry-After": "7"}, "body": {}}
        raw = self.mails.get(key, ("", 0, None))[2]
        if raw is None:
            return {"id": asked["id"], "status": 404, "headers": {}, "body": {"error": {"code": "ErrorItemNotFound"}}}
        headers = {"Content-Type": "text/plain"}
        return {"id": asked["id"], "status": 200, "headers": headers, "body": b64encode(raw).decode()}
