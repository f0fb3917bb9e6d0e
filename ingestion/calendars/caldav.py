"""A CalDAV collection (RFC 4791), read by sync-collection (RFC 6578); written object by object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

from ingestion.calendars.ics_text import digest
from ingestion.calendars.protocol import Change, ChangePage, Cursor, Versions
from ingestion.providers.errors import PositionLostError, RejectedError
from ingestion.providers.http import Authorization, Call, HttpApi, chunks, http_api
from ingestion.providers.protocol import stored_key

OBJECTS_AT_ONCE = 50
MULTISTATUS = 207
_DAV, _CAL = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
_SYNC = (
    '<d:sync-collection xmlns:d="DAV:"><d:sync-token>{token}</d:sync-token><d:sync-level>1</d:sync-level>'
    "<d:prop><d:getetag/></d:prop></d:sync-collection>"
)
_MULTIGET = (
    '<c:calendar-multiget xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">'
    "<d:prop><d:getetag/><c:calendar-data/></d:prop>{hrefs}</c:calendar-multiget>"
)


class CalDav:
    """One collection of one server."""

    def __init__(self, url: str, authorization: Authorization) -> None:
        self._url, self._authorization = url.rstrip("/") + "/", authorization

    def changes(self, cursor: Cursor, *, full: bool, versions: Versions) -> Iterator[ChangePage]:
        """Yield what changed since the sync token; a token the server has forgotten means everything, compared by ETag.

        The cursor is {"token": str}.
        """
        token = "" if full else str(cursor.get("token", ""))
        with http_api(self._authorization) as api:
            try:
                listing = self._listing(api, token)
            except PositionLostError:
                token = ""
                listing = self._listing(api, token)
            yield from self._pages(api, listing, versions, before=cursor if token else {}, is_whole=not token)

    def put(self, uid: str, source: str, *, zone: str) -> None:
        """Store the object under a name made of its UID."""
        del zone  # Times without one stay without one.
        call = Call(
            method="PUT",
            url=self._object_url(uid),
            headers={"Content-Type": "text/calendar; charset=utf-8"},
            content=source.encode(),
            accepts=(200, 201, 204),
        )
        with http_api(self._authorization) as api:
            api.ask(call)

    def _object_url(self, uid: str) -> str:
        name = uid if len(uid) < 100 and uid.isascii() and "/" not in uid else digest(uid)
        return urljoin(self._url, f"{quote(name, safe='')}.ics")

    def _listing(self, api: HttpApi, token: str) -> tuple[dict[str, str], str]:
        """Return {href: ETag, "" for gone} of all changes since the token, and the token behind them."""
        found: dict[str, str] = {}
        while True:
            tree = self._report(api, _SYNC.format(token=_escaped(token)))
            is_cut = False
            for response in tree.iterfind(f"{_DAV}response"):
                href, status = _href(response), response.findtext(f"{_DAV}status") or ""
                # RFC 6578, 3.6: the server cut the listing and names the collection itself with 507.
                is_cut = is_cut or " 507 " in status
                if href.rstrip("/") != urlsplit(self._url).path.rstrip("/"):
                    found[href] = "" if " 404 " in status else response.findtext(f".//{_DAV}getetag") or "-"
            token = tree.findtext(f"{_DAV}sync-token") or ""
            if not is_cut:
                return found, token

    def _pages(
        self, api: HttpApi, listing: tuple[dict[str, str], str], versions: Versions, *, before: Cursor, is_whole: bool
    ) -> Iterator[ChangePage]:
        found, token = listing
        present = frozenset(stored_key(href) for href, tag in found.items() if tag)
        gone = tuple(Change(stored_key(href)) for href, tag in found.items() if not tag)
        for some in chunks((href for href, tag in found.items() if tag), OBJECTS_AT_ONCE):
            known = versions([stored_key(href) for href in some])
            wanted = [href for href in some if known.get(stored_key(href)) != found[href]]
            if wanted:
                yield ChangePage(tuple(self._objects(api, wanted)), before)
        yield ChangePage(gone, {"token": token}, present if is_whole else None)

    def _objects(self, api: HttpApi, hrefs: list[str]) -> Iterator[Change]:
        listed = "".join(f"<d:href>{_escaped(quote(href))}</d:href>" for href in hrefs)
        for response in self._report(api, _MULTIGET.format(hrefs=listed)).iterfind(f"{_DAV}response"):
            source = response.findtext(f".//{_CAL}calendar-data")
            tag = response.findtext(f".//{_DAV}getetag") or ""
            yield Change(stored_key(_href(response)), tag[:255], source)

    def _report(self, api: HttpApi, body: str) -> Any:
        call = Call(
            method="REPORT",
            url=self._url,
            headers={"Content-Type": "application/xml; charset=utf-8", "Depth": "1"},
            content=f'<?xml version="1.0" encoding="utf-8"?>{body}'.encode(),
            accepts=(MULTISTATUS, 403, 409),
        )
        response = api.ask(call)
        if response.status_code == MULTISTATUS:
            return _parsed(response.content)
        if b"valid-sync-token" in response.content:
            raise PositionLostError("the server has forgotten the sync token")
        message = f"{urlsplit(self._url).netloc} refuses a report: HTTP {response.status_code}"
        raise RejectedError(message)


def _parsed(content: bytes) -> Any:
    from lxml import etree  # type: ignore[import-untyped]

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        message = f"the server's answer is no XML: {error}"[:200]
        raise RejectedError(message) from None


def _href(response: Any) -> str:
    return unquote(urlsplit(response.findtext(f"{_DAV}href") or "").path)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
