"""Gmail's REST interface: pages that must be followed, a history that ends, tokens that end, refusals on demand."""

from __future__ import annotations

import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

from tests.doubles.server import Double, Reply, Request
from tests.doubles.tokens import ADDRESS, Tokens

PAGE = 20


@dataclass
class _Stored:
    raw: bytes
    labels: list[str]


class GmailServer(Double):
    """One mailbox; `refusals` are given first, one a request, wherever they fit by their path's part."""

    provider = "google"

    def __init__(self) -> None:
        self.tokens = Tokens()
        self.mails: dict[str, _Stored] = {}
        self.refusals: list[tuple[str, Reply]] = []
        self._history, self._oldest = 1000, 1000
        self._records: list[dict[str, Any]] = []
        super().__init__(self._reply)

    @property
    def base_url(self) -> str:
        """What stands in place of Google's address."""
        return f"{self.url}/gmail/v1"

    def deliver(self, *messages: bytes, label: str = "INBOX") -> list[str]:
        """Put messages into the mailbox and return their ids."""
        ids = []
        for raw in messages:
            ids.append(f"{self._history + 1:016x}")
            self.mails[ids[-1]] = _Stored(raw, [label, "UNREAD"])
            self._record("messagesAdded", ids[-1])
        return ids

    def relabel(self, key: str, *, add: str = "", remove: str = "") -> None:
        """Give a message a label, or take one."""
        labels = self.mails[key].labels
        self.mails[key].labels = [each for each in labels if each != remove] + ([add] if add else [])
        self._record("labelsAdded" if add else "labelsRemoved", key, labelIds=[add or remove])

    def delete(self, key: str) -> None:
        """Remove a message for good."""
        self._record("messagesDeleted", key)
        del self.mails[key]

    def _record(self, kind: str, key: str, **more: Any) -> None:
        self._history += 1
        told = {"message": {"id": key, "threadId": key, "labelIds": list(self.mails[key].labels)}, **more}
        self._records.append({"id": str(self._history), kind: [told]})

    def forget_history(self) -> None:
        """Keep no history from before now."""
        self._history += 1
        self._oldest = self._history

    def _reply(self, request: Request) -> Reply:
        if request.path == "/token":
            return self.tokens.reply(request)
        if not self.tokens.lets_in(request):
            return Reply(401, {"error": {"code": 401, "status": "UNAUTHENTICATED"}})
        for at, (part, refusal) in enumerate(self.refusals):
            if part in request.path:
                del self.refusals[at]
                return refusal
        return self._answer_of(request)

    def _answer_of(self, request: Request) -> Reply:
        path = request.path.removeprefix(f"/gmail/v1/users/{ADDRESS}")
        if path == "/watch" and request.method == "POST":
            return self._watch(request)
        if path == "/profile":
            return Reply(200, {"emailAddress": ADDRESS, "historyId": str(self._history)})
        if path == "/messages":
            return self._list(request)
        if path == "/history":
            return self._changes(request)
        return self._message(path.removeprefix("/messages/"), request)

    def _watch(self, request: Request) -> Reply:
        if not request.json["topicName"].startswith("projects/"):
            return Reply(400, {"error": {"code": 400, "message": "Invalid topicName"}})
        ends = int((time.time() + 7 * 86_400) * 1000)
        return Reply(200, {"historyId": str(self._history), "expiration": str(ends)})

    def _list(self, request: Request) -> Reply:
        ids = sorted((key for key, mail in self.mails.items() if "SPAM" not in mail.labels), reverse=True)
        token = request.query.get("pageToken", "")
        if token and not token.startswith("page-"):
            return Reply(400, {"error": {"code": 400, "message": "Invalid pageToken"}})
        start = int(token.removeprefix("page-") or 0)
        # Real listings may repeat or skip nothing, but their pages are never longer than asked for.
        size = min(PAGE, int(request.query.get("maxResults", 100)))
        page = {"messages": [{"id": key, "threadId": key} for key in ids[start : start + size]]}
        more = {"nextPageToken": f"page-{start + size}"} if start + size < len(ids) else {}
        return Reply(200, {**(page if page["messages"] else {}), **more})

    def _changes(self, request: Request) -> Reply:
        start = int(request.query["startHistoryId"])
        if start < self._oldest:
            return Reply(404, {"error": {"code": 404, "message": "Requested entity was not found."}})
        new = [record for record in self._records if int(record["id"]) > start]
        offset = int(request.query.get("pageToken", "h-0").removeprefix("h-"))
        records = new[offset : offset + PAGE]
        more = {"nextPageToken": f"h-{offset + PAGE}"} if offset + PAGE < len(new) else {}
        return Reply(200, {**({"history": records} if records else {}), **more, "historyId": str(self._history)})

    def _message(self, key: str, request: Request) -> Reply:
        mail = self.mails.get(key)
        if mail is None:
            return Reply(404, {"error": {"code": 404, "message": "Requested entity was not found."}})
        assert request.query["format"] == "raw"
        raw = urlsafe_b64encode(mail.raw).decode().rstrip("=")
        return Reply(200, {"id": key, "labelIds": mail.labels, "sizeEstimate": len(mail.raw), "raw": raw})
