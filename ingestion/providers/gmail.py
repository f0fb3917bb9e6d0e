"""Gmail by its REST interface: new mail by history, everything by listing when the history is gone; read-only."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from ingestion.conf import conf
from ingestion.providers.errors import MailboxMissingError, PositionLostError, RejectedError
from ingestion.providers.http import Authorization, Call, HttpApi, http_api
from ingestion.providers.protocol import Cursor, Known, Marks, Page, Pager, RawMail, Sighting

LISTED_AT_ONCE = 100
NO_MAIL = {"DRAFT", "CHAT", "SPAM", "TRASH"}
AWAY = {"SPAM", "TRASH"}
Stream = Iterator[tuple[RawMail | Sighting | None, Cursor]]


class Gmail:
    """The mailbox of one user; `url` ends with users/ADDRESS."""

    keys_are_stable = True
    looks_back = True

    def __init__(self, url: str, authorization: Authorization) -> None:
        self._url, self._authorization = url.rstrip("/"), authorization

    def fetch(
        self, cursor: Cursor, *, full: bool, since: datetime | None, limit: int | None, known: Known
    ) -> Iterator[Page]:
        """Yield what is new; see Provider.fetch.

        The cursor is {"history": id}, while a listing is under way with {"listing": page token, "after": seconds}.
        """
        with http_api(self._authorization) as api:
            stream = self._stream(api, {} if full else cursor, since, known)
            yield from Pager(mails=conf().page_mails, size=conf().page_bytes, limit=limit).pages(stream)

    def _stream(self, api: HttpApi, cursor: Cursor, since: datetime | None, known: Known) -> Stream:
        if cursor.get("history") and "listing" not in cursor:
            try:
                yield from self._news(api, str(cursor["history"]), known)
            except PositionLostError:
                cursor = {}
            else:
                return
        goes_on = "listing" in cursor
        if not goes_on:
            # Taken before the listing, so that what arrives meanwhile is in the history.
            profile = self._get(api, "/profile")
            after = {"after": int(since.timestamp())} if since else {}
            cursor = {"history": str(profile["historyId"]), "listing": "", **after}
        yield from self._everything(api, cursor, known)
        if goes_on:
            # What a killed sync began to list doesn't tell what came since.
            yield from self._stream(api, {"history": cursor["history"]}, since, known)

    def _everything(self, api: HttpApi, cursor: Cursor, known: Known) -> Stream:
        while True:
            params = {"maxResults": str(LISTED_AT_ONCE)}
            if cursor["listing"]:
                params["pageToken"] = cursor["listing"]
            if "after" in cursor:
                params["q"] = f"after:{cursor['after']}"
            page = self._get(api, "/messages", **params)
            yield from self._mails(api, [each["id"] for each in page.get("messages", [])], known, cursor)
            if not page.get("nextPageToken"):
                yield None, {"history": cursor["history"]}
                return
            cursor = {**cursor, "listing": page["nextPageToken"]}
            yield None, cursor

    def _news(self, api: HttpApi, history: str, known: Known) -> Stream:
        token, at = "", history
        while True:
            params = {"startHistoryId": history}
            if token:
                params["pageToken"] = token
            try:
                page = self._get(api, "/history", **params)
            except MailboxMissingError:
                # Gmail's words for a history id that is too old.
                raise PositionLostError("the history is gone") from None
            records = page.get("history", [])
            yield from ((each, {"history": at}) for each in _sightings(records))
            yield from self._mails(api, _arrivals(records), known, {"history": at})
            token = page.get("nextPageToken", "")
            at = str(records[-1]["id"]) if token and records else at if token else str(page["historyId"])
            yield None, {"history": at}
            if not token:
                return

    def _mails(self, api: HttpApi, ids: list[str], known: Known, cursor: Cursor) -> Stream:
        """Yield the mails that are not stored yet, each with the cursor before them: known ones are cheap to pass."""
        stored = known(ids)
        for key in ids:
            if key in stored:
                continue
            try:
                found = self._get(api, f"/messages/{key}", format="raw")
            except MailboxMissingError:
                continue  # Deleted since it was listed.
            if not NO_MAIL & set(found.get("labelIds", [])):
                yield _raw_mail(key, found), cursor

    def _get(self, api: HttpApi, path: str, **params: str) -> dict[str, Any]:
        answer: dict[str, Any] = api.ask(Call(method="GET", url=f"{self._url}{path}", params=params)).json()
        return answer


def _told(records: list[dict[str, Any]], *kinds: str) -> Iterator[dict[str, Any]]:
    return (each for record in records for kind in kinds for each in record.get(kind, []))


def _arrivals(records: list[dict[str, Any]]) -> list[str]:
    """Return the ids of mails that came, or came back from junk or the bin."""
    back = (each for each in _told(records, "labelsRemoved") if AWAY & set(each.get("labelIds", [])))
    return list(dict.fromkeys(each["message"]["id"] for each in (*_told(records, "messagesAdded"), *back)))


def _sightings(records: list[dict[str, Any]]) -> Iterator[Sighting]:
    """Yield what became of mails; the last word on each counts."""
    last = {
        each["message"]["id"]: set(each["message"].get("labelIds", []))
        for each in _told(records, "labelsAdded", "labelsRemoved")
    }
    last |= {each["message"]["id"]: AWAY for each in _told(records, "messagesDeleted")}
    for key, labels in last.items():
        yield Sighting(key, None if AWAY & labels else _marks(labels))


def _marks(labels: set[str]) -> Marks:
    return Marks(seen="UNREAD" not in labels, flagged="STARRED" in labels)


def _raw_mail(key: str, found: dict[str, Any]) -> RawMail:
    try:
        content = urlsafe_b64decode(found["raw"] + "==")
    except (KeyError, ValueError, binascii.Error):
        raise RejectedError(f"message {key} came without its content") from None
    cut = content[: conf().max_mail_bytes]
    labels = set(found.get("labelIds", []))
    return RawMail(key=key, content=cut, size=len(content), is_sent="SENT" in labels, marks=_marks(labels))
