"""A calendar of Microsoft 365 by Graph: what changed within a window by delta link, everything when that has ended.

Delta names single occurrences of a series; whichever changes, the whole series is read again as one object.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from ingestion.calendars.errors import UnreadableCalendarError
from ingestion.calendars.graph_archive import GraphArchive
from ingestion.calendars.graph_events import single_event, whole_series
from ingestion.calendars.protocol import Change, ChangePage, Cursor, Versions
from ingestion.conf import conf
from ingestion.providers.errors import MailboxMissingError, PositionLostError, RejectedError
from ingestion.providers.http import Authorization, Call, HttpApi, http_api
from ingestion.providers.protocol import stored_key

LISTED_AT_ONCE = 50
# The window of a link stays as it was; it is read anew before the days ahead get short.
RENEWAL = timedelta(days=30)
PREFER = {"Prefer": f'odata.maxpagesize={LISTED_AT_ONCE}, outlook.timezone="UTC", outlook.body-content-type="text"'}


@dataclass(frozen=True, kw_only=True)
class _Window:
    since: datetime
    until: datetime

    def query(self) -> str:
        return f"startDateTime={_text(self.since)}&endDateTime={_text(self.until)}"

    def values(self) -> dict[str, str]:
        return {"since": self.since.isoformat(), "until": self.until.isoformat()}


@dataclass
class _Round:
    """One way through the pages of a delta."""

    window: _Window
    is_whole: bool
    present: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)
    """Series that were read again."""
    lost: bool = False
    """Something is gone that is no object of ours: an occurrence, of which Graph doesn't say whose."""
    cursor: Cursor = field(default_factory=dict)
    """Where a killed sync goes on: not behind what was lost."""

    def advance(self, link: str, *, is_last: bool) -> None:
        """Note that everything before the link is read."""
        if not self.lost and (is_last or not self.is_whole):
            self.cursor = {"link": link, **self.window.values(), **({} if is_last else {"is_amid": True})}


class GraphCalendar:
    """One calendar; `url` ends with users/ADDRESS/calendar, the user's own, or users/ADDRESS/calendars/ID."""

    def __init__(self, url: str, authorization: Authorization) -> None:
        self._url, self._authorization = url.rstrip("/").removesuffix("/calendar"), authorization
        self._root, _, rest = self._url.partition("/users/")
        self._user = f"{self._root}/users/{rest.partition('/')[0]}"

    def changes(self, cursor: Cursor, *, full: bool, versions: Versions) -> Iterator[ChangePage]:
        """Yield what changed since the delta link.

        The cursor is {"link": str, "since": time, "until": time}, amid a delta with {"is_amid": True}. Amid a listing
        of everything it stays: a killed one begins again, since only a whole one tells what is gone.
        """
        now = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        wanted = _Window(
            since=now - timedelta(days=conf().calendar_back_days),
            until=now + timedelta(days=conf().calendar_ahead_days),
        )
        with http_api(self._authorization) as api:
            if not full and cursor.get("link"):
                try:
                    yield from self._news(api, cursor, versions)
                except PositionLostError:
                    pass
                else:
                    if _window_of(cursor).until > wanted.until - RENEWAL:
                        return
            link = f"{self._url}/calendarView/delta?{wanted.query()}"
            step = _Round(window=wanted, is_whole=True, cursor={} if full else cursor)
            yield from self._pages(api, link, step, versions)

    def put(self, uid: str, source: str, *, zone: str) -> None:
        """Let the calendar hold copies of the object; see GraphArchive."""
        with http_api(self._authorization) as api:
            GraphArchive(api, calendar=self._url, user=self._user).put(uid, source, zone=zone)

    def _news(self, api: HttpApi, cursor: Cursor, versions: Versions) -> Iterator[ChangePage]:
        """Yield what a delta tells. One that a killed sync began doesn't tell what came since: the next one does.

        Raises: PositionLostError when only a listing of everything tells it.
        """
        step = _Round(window=_window_of(cursor), is_whole=False, cursor=cursor)
        yield from self._pages(api, str(cursor["link"]), step, versions)
        if step.lost:
            raise PositionLostError("an occurrence is gone")
        if cursor.get("is_amid"):
            yield from self._news(api, step.cursor, versions)

    def _pages(self, api: HttpApi, link: str, step: _Round, versions: Versions) -> Iterator[ChangePage]:
        is_last = False
        while not is_last:
            page = self._get(api, link)
            changes = tuple(self._changes(api, page.get("value", []), step, versions))
            link = str(page.get("@odata.nextLink") or page["@odata.deltaLink"])
            is_last = "@odata.nextLink" not in page
            step.advance(link, is_last=is_last)
            present = frozenset(step.present) if is_last and step.is_whole else None
            yield ChangePage(changes, step.cursor, present, step.window.since)

    def _changes(self, api: HttpApi, items: list[dict[str, Any]], step: _Round, versions: Versions) -> Iterator[Change]:
        removed = [stored_key(str(item["id"])) for item in items if "@removed" in item]
        known = versions(removed) if removed else {}
        step.lost = step.lost or (len(known) < len(set(removed)) and not step.is_whole)
        yield from (Change(key) for key in removed if key in known)
        for item in items:
            if "@removed" in item:
                continue
            master = item.get("seriesMasterId") or (item["id"] if item.get("type") == "seriesMaster" else None)
            if master is None:
                step.present.add(stored_key(str(item["id"])))
                yield _single(item)
            elif master not in step.read:
                step.read.add(str(master))
                yield self._series(api, str(master), step)

    def _series(self, api: HttpApi, master: str, step: _Round) -> Change:
        key, url = stored_key(master), f"{self._user}/events/{quote(master, safe='=')}"
        try:
            event = self._get(api, url)
            instances = list(self._instances(api, f"{url}/instances?{step.window.query()}"))
        except MailboxMissingError:
            return Change(key)  # Deleted since it was named.
        step.present.add(key)
        window = step.window
        try:
            text = whole_series(event, instances, since=window.since, until=window.until)
        except UnreadableCalendarError:
            # Kept with what can be said of it: the first time.
            text = single_event(event)
        return Change(key, str(event.get("@odata.etag", ""))[:255], text)

    def _instances(self, api: HttpApi, link: str) -> Iterator[dict[str, Any]]:
        while link:
            page = self._get(api, link)
            yield from page.get("value", [])
            link = str(page.get("@odata.nextLink") or "")

    def _get(self, api: HttpApi, link: str) -> dict[str, Any]:
        if not link.startswith(f"{self._root}/"):
            raise RejectedError("the server names a link to another server")
        page: dict[str, Any] = api.ask(Call(method="GET", url=link, headers=PREFER)).json()
        return page


def _window_of(cursor: Cursor) -> _Window:
    return _Window(since=datetime.fromisoformat(cursor["since"]), until=datetime.fromisoformat(cursor["until"]))


def _single(item: dict[str, Any]) -> Change:
    return Change(stored_key(str(item["id"])), str(item.get("@odata.etag", ""))[:255], single_event(item))


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
