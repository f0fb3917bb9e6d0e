"""Copies in a calendar of Microsoft 365, found again by properties of ours: Graph names its events itself.

It can't change many at once either, so a new copy is made beside the old one, then the old one is deleted, and only
then the new one counts as whole. Whoever was cut off goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from ingestion.calendars.graph_copies import Copies, copies_of, event_of
from ingestion.calendars.graph_events import original_start
from ingestion.calendars.ics_text import digest
from ingestion.calendars.occurrences import Occurrence, occurrence_key
from ingestion.providers.errors import RejectedError
from ingestion.providers.http import Call, HttpApi

OURS = "{0e4c8f0f-54b7-4f07-9a5e-9f2c6a8b7d31}"
UID, COPY = f"String {OURS} Name DaybookUid", f"String {OURS} Name DaybookCopy"
# What a copy is: the recurring event, a single occurrence by its original start, or the first of a whole set.
SERIES, WHOLE = "series", "whole"
# Graph lists at most five years at once.
LONGEST_WINDOW = timedelta(days=1800)
UTC_TIMES = {"Prefer": 'outlook.timezone="UTC"'}


@dataclass
class _Pieces:
    """The copies of one text: those that are there, by name, and the ids of those that are to stay."""

    uid: str
    content: str
    held: dict[str, str]
    made: list[str] = field(default_factory=list)

    def there(self, name: str) -> str:
        return self.held.get(f"{self.content}:{name}", "")

    def property(self, name: str) -> dict[str, str]:
        return {"id": COPY, "value": f"{self.content}:{name}"}


class GraphArchive:
    """The copies in one calendar; `calendar` and `user` are the addresses of both."""

    def __init__(self, api: HttpApi, *, calendar: str, user: str) -> None:
        self._api, self._calendar, self._user = api, calendar, user

    def put(self, uid: str, source: str, *, zone: str) -> None:
        """Let there be copies of this text, and of no other one with that UID."""
        content = digest(source)
        held = dict(self._held(digest(uid)))
        if f"{content}:{WHOLE}" in held.values():
            return
        pieces = _Pieces(digest(uid), content, {name: key for key, name in held.items()})
        self._make(copies_of(source, zone=zone), pieces, zone)
        for key in set(held) - set(pieces.made):
            self._delete(key)
        if pieces.made:
            self._change(pieces.made[0], {"singleValueExtendedProperties": [pieces.property(WHOLE)]})

    def _held(self, uid: str) -> Iterator[tuple[str, str]]:
        """Yield the ids of all copies with that UID, each with what it is a copy of."""
        asked = {
            "$filter": f"singleValueExtendedProperties/Any(ep: ep/id eq '{UID}' and ep/value eq '{uid}')",
            "$expand": f"singleValueExtendedProperties($filter=id eq '{COPY}')",
            "$select": "id",
        }
        for item in self._pages(f"{self._calendar}/events", asked):
            names = [each["value"] for each in item.get("singleValueExtendedProperties") or []]
            yield str(item["id"]), str(names[0]) if names else ""

    def _make(self, copies: Copies, pieces: _Pieces, zone: str) -> None:
        """Make the copies that aren't there yet."""
        left = dict(copies.occurrences)
        if copies.series:
            key = self._piece(pieces, SERIES, copies.series)
            self._shape(key, copies, left, zone)
        for name, each in left.items():
            self._piece(pieces, name, copies.single(each))

    def _shape(self, series: str, copies: Copies, left: dict[str, Occurrence], zone: str) -> None:
        """Bring what Graph made of the rule to what is wanted; what the series can't hold stays in `left`."""
        assert copies.series
        is_day, place = copies.series["isAllDay"], ZoneInfo(copies.series["start"]["timeZone"])
        first, last = copies.first - timedelta(days=1), copies.last + timedelta(days=2)
        items = {
            occurrence_key(original_start(item, place, is_day=is_day), zone): item
            for item in self._instances(series, first, last)
        }
        for name in [name for name in items if name not in left]:
            self._delete(str(items.pop(name)["id"]))
        for name, item in items.items():
            each = left[name]
            is_done = not each.is_exception or item.get("type") == "exception"
            if is_done or self._was_changed(str(item["id"]), event_of(each)):
                del left[name]
            else:
                self._delete(str(item["id"]))

    def _instances(self, key: str, first: date, last: date) -> Iterator[dict[str, Any]]:
        while first < last:
            until = min(last, first + LONGEST_WINDOW)
            window = {"startDateTime": f"{first}T00:00:00Z", "endDateTime": f"{until}T00:00:00Z"}
            yield from self._pages(f"{self._event(key)}/instances", window)
            first = until

    def _was_changed(self, instance: str, values: dict[str, Any]) -> bool:
        try:
            self._change(instance, values)
        except RejectedError:
            # Graph moves no occurrence beyond its neighbours; it becomes an event of its own.
            return False
        return True

    def _piece(self, pieces: _Pieces, name: str, event: dict[str, Any]) -> str:
        """Return the id of that copy, which is made if it isn't there."""
        key = pieces.there(name)
        if not key:
            marked = {
                **event,
                "singleValueExtendedProperties": [{"id": UID, "value": pieces.uid}, pieces.property(name)],
            }
            call = Call(method="POST", url=f"{self._calendar}/events", json=marked, accepts=(201,))
            key = str(self._api.ask(call).json()["id"])
        pieces.made.append(key)
        return key

    def _change(self, key: str, values: dict[str, Any]) -> None:
        self._api.ask(Call(method="PATCH", url=self._event(key), json=values))

    def _delete(self, key: str) -> None:
        self._api.ask(Call(method="DELETE", url=self._event(key), accepts=(204, 404)))

    def _event(self, key: str) -> str:
        return f"{self._user}/events/{quote(key, safe='=')}"

    def _pages(self, url: str, params: dict[str, str]) -> Iterator[dict[str, Any]]:
        while url:
            call = Call(method="GET", url=url, params=params, headers=UTC_TIMES)
            page: dict[str, Any] = self._api.ask(call).json()
            yield from page.get("value", [])
            url, params = str(page.get("@odata.nextLink") or ""), {}
            if url and not url.startswith(f"{self._user}/"):
                raise RejectedError("the server names a link to another server")
