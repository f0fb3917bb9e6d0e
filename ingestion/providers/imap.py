"""An IMAP server, read by UID within UIDVALIDITY (RFC 3501, 2.3.1.1); read-only, so flags stay as they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ingestion.conf import conf
from ingestion.providers.imap_client import ImapClient, connected
from ingestion.providers.imap_url import ImapUrl
from ingestion.providers.protocol import Cursor, Known, Page, Pager, RawMail, stored_key

Place = dict[str, Any]
_UIDS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class _Folder:
    name: str
    is_sent: bool
    validity: int

    def key(self, uid: int) -> str:
        return stored_key(f"{self.name}/{self.validity}/{uid}")


class Imap:
    """The mailbox of one user on one server."""

    keys_are_stable = True
    looks_back = True

    def __init__(self, mailbox: ImapUrl, password: str) -> None:
        self._mailbox, self._password = mailbox, password

    def fetch(
        self, cursor: Cursor, *, full: bool, since: datetime | None, limit: int | None, known: Known
    ) -> Iterator[Page]:
        """Yield what is new in INBOX and in the folder of sent mail, or in the one folder named; see Provider.fetch.

        The cursor is {"folders": {name: {"uidvalidity": int, "uid": int, "since": day of an unfinished look-back}}}; a
        new UIDVALIDITY starts the folder anew.
        """
        places: dict[str, Place] = dict(cursor.get("folders", {}))
        at_once = min(conf().page_mails, limit or conf().page_mails)
        with connected(self._mailbox, self._password) as client:
            scan = _Scan(client, known, at_once=at_once, full=full, since=since)
            stream = scan.mails(client.folders(self._mailbox.folder), places)
            yield from Pager(mails=conf().page_mails, size=conf().page_bytes, limit=limit).pages(stream)


@dataclass(frozen=True)
class _Scan:
    """One look through the folders."""

    client: ImapClient
    known: Known
    at_once: int
    full: bool
    since: datetime | None

    def mails(
        self, folders: list[tuple[str, bool]], places: dict[str, Place]
    ) -> Iterator[tuple[RawMail | None, Cursor]]:
        for name, is_sent in folders:
            validity, highest = self.client.open(name)
            folder = _Folder(name, is_sent, validity)
            place = self._start(places.get(name), validity)
            for uid, mail in self._new(folder, place):
                places[name] = place = {**place, "uid": uid}
                yield mail, {"folders": dict(places)}
            # What the look-back left out is behind us too.
            places[name] = {"uidvalidity": validity, "uid": max(place["uid"], highest)}
            yield None, {"folders": dict(places)}

    def _start(self, place: Place | None, validity: int) -> Place:
        """Return where to go on in a folder, or its start, with the look-back that holds until its end is reached."""
        if place and place["uidvalidity"] == validity and not self.full:
            return place
        start: Place = {"uidvalidity": validity, "uid": 0}
        return {**start, "since": self.since.date().isoformat()} if self.since else start

    def _new(self, folder: _Folder, place: Place) -> Iterator[tuple[int, RawMail | None]]:
        since = date.fromisoformat(place["since"]) if "since" in place else None
        uids = self.client.uids(after=place["uid"], since=since)
        for start in range(0, len(uids), _UIDS_AT_ONCE):
            some = uids[start : start + _UIDS_AT_ONCE]
            stored = self.known([folder.key(uid) for uid in some])
            sizes = self.client.sizes([uid for uid in some if folder.key(uid) not in stored])
            for group in _groups(sizes, self.at_once):
                contents = self.client.contents(group, largest=conf().max_mail_bytes)
                for uid in group:
                    yield uid, _raw_mail(folder, uid, contents, sizes)
            yield some[-1], None


def _raw_mail(folder: _Folder, uid: int, contents: dict[int, bytes], sizes: dict[int, int]) -> RawMail | None:
    if uid not in contents:
        return None
    return RawMail(key=folder.key(uid), content=contents[uid], size=sizes[uid], is_sent=folder.is_sent)


def _groups(sizes: dict[int, int], at_once: int) -> Iterator[list[int]]:
    """Yield UIDs that may be fetched together: bounded by number and bytes."""
    group: list[int] = []
    total = 0
    for uid in sorted(sizes):
        size = min(sizes[uid], conf().max_mail_bytes)
        if group and (len(group) >= at_once or total + size > conf().page_bytes):
            yield group
            group, total = [], 0
        group.append(uid)
        total += size
    if group:
        yield group
