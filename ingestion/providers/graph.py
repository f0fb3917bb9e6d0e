"""Microsoft 365 mail by Graph: delta queries per folder, contents in batches; read-only."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ingestion.conf import conf
from ingestion.providers.errors import MailboxUnavailableError, PositionLostError, RejectedError
from ingestion.providers.http import Authorization, Call, HttpApi, chunks, error_of, http_api
from ingestion.providers.protocol import Cursor, Known, Marks, Page, Pager, RawMail, Sighting, stored_key

FOLDERS = (("inbox", False), ("sentitems", True))
LISTED_AT_ONCE = 50
# Graph takes at most 20 requests in a batch.
BATCH = 20
Stream = Iterator[tuple[RawMail | Sighting | None, Cursor]]


@dataclass
class _Position:
    """How far the folders are read."""

    links: dict[str, str]
    amid: str = ""
    """The folder whose link leads to a further page of what it told."""

    def cursor(self) -> Cursor:
        return {"folders": dict(self.links), **({"amid": self.amid} if self.amid else {})}


class Graph:
    """The mailbox of one user; `url` is that of the user, such as https://graph.microsoft.com/v1.0/users/ADDRESS."""

    keys_are_stable = True
    looks_back = True

    def __init__(self, url: str, authorization: Authorization) -> None:
        self._url, self._authorization = url.rstrip("/"), authorization
        self._root, _, self._user = self._url.rpartition("/users/")

    def fetch(
        self, cursor: Cursor, *, full: bool, since: datetime | None, limit: int | None, known: Known
    ) -> Iterator[Page]:
        """Yield what is new in inbox and sent items; see Provider.fetch.

        The cursor is {"folders": {name: link}}, the link to what changes from then on; to the next page in the folder
        of which it says {"amid": name}.
        """
        at = _Position({}) if full else _Position(dict(cursor.get("folders", {})), cursor.get("amid", ""))
        with http_api(self._authorization) as api:
            stream = self._folders(api, at, since, known)
            yield from Pager(mails=conf().page_mails, size=conf().page_bytes, limit=limit).pages(stream)

    def _folders(self, api: HttpApi, at: _Position, since: datetime | None, known: Known) -> Stream:
        for folder, is_sent in FOLDERS:
            try:
                yield from self._folder(api, at, folder, known, is_sent=is_sent)
            except PositionLostError:
                at.links[folder], at.amid = self._first_link(folder, since), ""
                yield from self._folder(api, at, folder, known, is_sent=is_sent)

    def _folder(self, api: HttpApi, at: _Position, folder: str, known: Known, *, is_sent: bool) -> Stream:
        if not at.links.get(folder):
            raise PositionLostError("not read yet")
        goes_on = at.amid == folder
        is_last = False
        while not is_last:
            page = self._page(api, at.links[folder])
            items = page.get("value", [])
            before = at.cursor()
            yield from ((each, before) for each in map(_sighting, items))
            mails = {each["id"]: each for each in items if "@removed" not in each and not each.get("isDraft")}
            for mail in self._mails(api, mails, known, is_sent=is_sent):
                yield mail, before
            is_last = "@odata.nextLink" not in page
            at.links[folder] = page.get("@odata.nextLink") or page["@odata.deltaLink"]
            at.amid = "" if is_last else folder
            yield None, at.cursor()
        if goes_on:
            # What a killed sync began doesn't tell what came since.
            yield from self._folder(api, at, folder, known, is_sent=is_sent)

    def _first_link(self, folder: str, since: datetime | None) -> str:
        filters = f"&$filter=receivedDateTime+ge+{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if since else ""
        return f"{self._url}/mailFolders/{folder}/messages/delta?$select=id,isDraft,isRead,flag{filters}"

    def _page(self, api: HttpApi, link: str) -> dict[str, Any]:
        if not link.startswith(f"{self._root}/"):
            raise RejectedError("the server names a link to another server")
        prefer = {"Prefer": f"odata.maxpagesize={LISTED_AT_ONCE}"}
        page: dict[str, Any] = api.ask(Call(method="GET", url=link, headers=prefer)).json()
        return page

    def _mails(
        self, api: HttpApi, items: dict[str, dict[str, Any]], known: Known, *, is_sent: bool
    ) -> Iterator[RawMail]:
        stored = known([stored_key(one) for one in items])
        for some in chunks((one for one in items if stored_key(one) not in stored), BATCH):
            refused: list[Exception] = []
            for key, answer in self._contents(api, some):
                if answer["status"] == 200:
                    yield _raw_mail(key, answer, is_sent=is_sent, marks=_marks(items[key]))
                elif answer["status"] != 404:
                    refused.append(_error(answer))
            if refused:
                # What came is handed on first, so that a busy server can't keep a sync from advancing.
                raise refused[0]

    def _contents(self, api: HttpApi, ids: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        requests = [
            {"id": str(at), "method": "GET", "url": f"/users/{self._user}/messages/{key}/$value"}
            for at, key in enumerate(ids)
        ]
        call = Call(method="POST", url=f"{self._root}/$batch", json={"requests": requests})
        answers = {answer["id"]: answer for answer in api.ask(call).json().get("responses", [])}
        for at, key in enumerate(ids):
            # A batch may come back with less than was asked for.
            yield key, answers.get(str(at), {"status": 503})


def _sighting(item: dict[str, Any]) -> Sighting | None:
    """Return what is told of a mail; links from before marks were asked for tell only that something changed."""
    if "@removed" in item:
        return Sighting(stored_key(item["id"]), None)
    return Sighting(stored_key(item["id"]), _marks(item)) if "isRead" in item else None


def _marks(item: dict[str, Any]) -> Marks:
    is_flagged = (item.get("flag") or {}).get("flagStatus") == "flagged"
    return Marks(seen=bool(item.get("isRead")), flagged=is_flagged)


def _raw_mail(key: str, answer: dict[str, Any], *, is_sent: bool, marks: Marks) -> RawMail:
    try:
        content = b64decode(answer["body"], validate=True)
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise RejectedError(f"message {key[:40]} came without its content") from None
    cut = content[: conf().max_mail_bytes]
    return RawMail(key=stored_key(key), content=cut, size=len(content), is_sent=is_sent, marks=marks)


def _error(answer: dict[str, Any]) -> Exception:
    headers = {name.lower(): value for name, value in (answer.get("headers") or {}).items()}
    error = error_of(answer["status"], headers, what="a message of a batch")
    return error if isinstance(error, MailboxUnavailableError) else MailboxUnavailableError(str(error))
