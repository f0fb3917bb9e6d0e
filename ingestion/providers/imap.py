"""An IMAP server, read by UID within UIDVALIDITY (RFC 3501, 2.3.1.1); read-only, so flags stay as they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from typing import Any

from ingestion.conf import conf
from ingestion.providers.imap_changes import sightings
from ingestion.providers.imap_client import ImapClient, Opened, connected
from ingestion.providers.imap_folder import Folder
from ingestion.providers.imap_url import ImapUrl
from ingestion.providers.protocol import Cursor, Known, Marks, Page, Pager, RawMail, Sighting

Place = dict[str, Any]
_UIDS_AT_ONCE = 500


class Imap:
    """The mailbox of one user on one server."""

    keys_are_stable = True
    looks_back = True

    def __init__(self, mailbox: ImapUrl, password: str) -> None:
        self._mailbox, self._password = mailbox, password

    def fetch(
        self, cursor: Cursor, *, full: bool, since: datetime | None, limit: int | None, known: Known
    ) -> Iterator[Page]:
        """Yield what changed and what is new in INBOX and the folder of sent mail, or in the one folder named.

        See Provider.fetch. The cursor is {"folders": {name: {"uidvalidity": int, "uid": int, "modseq": int, where the
        server keeps one, "since": day of an unfinished look-back}}}; a new UIDVALIDITY starts the folder anew.
        """
        places: dict[str, Place] = dict(cursor.get("folders", {}))
        at_once = min(conf().page_mails, limit or conf().page_mails)
        with connected(self._mailbox, self._password) as client:
            scan = _Scan(client, known, at_once=at_once, full=full, since=since)
            pager = Pager(mails=conf().page_mails, size=conf().page_bytes, limit=limit)
            for name, is_sent in client.folders(self._mailbox.folder):
                if pager.is_full:
                    return
                opened = client.open(name)
                folder = Folder(name, is_sent, opened.validity)
                if page := scan.anew(folder, places):
                    yield page
                yield from pager.pages(chain(scan.changes(folder, places, opened), scan.mails(folder, places, opened)))


@dataclass(frozen=True)
class _Scan:
    """One look through a folder."""

    client: ImapClient
    known: Known
    at_once: int
    full: bool
    since: datetime | None

    def anew(self, folder: Folder, places: dict[str, Place]) -> Page | None:
        """Return a page that forgets the places of its mails where the folder has another UIDVALIDITY."""
        place = places.get(folder.name)
        if place is None or place["uidvalidity"] == folder.validity:
            return None
        former = Folder(folder.name, folder.is_sent, place["uidvalidity"])
        return Page(mails=(), cursor={"folders": dict(places)}, forgotten=former.prefix)

    def changes(self, folder: Folder, places: dict[str, Place], opened: Opened) -> Iterator[tuple[Sighting, Cursor]]:
        """Yield what became of the mails that were read before, each with the cursor before it."""
        place, cursor = places.get(folder.name), {"folders": dict(places)}
        if place and place["uidvalidity"] == folder.validity:
            modseq = 0 if self.full else int(place.get("modseq", 0))
            told = sightings(self.client, folder, upto=place["uid"], modseq=modseq, opened=opened, full=self.full)
            yield from ((each, cursor) for each in told)

    def mails(
        self, folder: Folder, places: dict[str, Place], opened: Opened
    ) -> Iterator[tuple[RawMail | None, Cursor]]:
        """Yield the mails behind the cursor, each with the cursor behind it."""
        modseq = {"modseq": opened.modseq} if opened.modseq else {}
        place = {**self._start(places.get(folder.name), opened.validity), **modseq}
        for uid, mail in self._new(folder, place):
            places[folder.name] = place = {**place, "uid": uid}
            yield mail, {"folders": dict(places)}
        # What the look-back left out is behind us too.
        places[folder.name] = {"uidvalidity": opened.validity, "uid": max(place["uid"], opened.highest), **modseq}
        yield None, {"folders": dict(places)}

    def _start(self, place: Place | None, validity: int) -> Place:
        """Return where to go on in a folder, or its start, with the look-back that holds until its end is reached."""
        if place and place["uidvalidity"] == validity and not self.full:
            return {name: value for name, value in place.items() if name != "modseq"}
        start: Place = {"uidvalidity": validity, "uid": 0}
        return {**start, "since": self.since.date().isoformat()} if self.since else start

    def _new(self, folder: Folder, place: Place) -> Iterator[tuple[int, RawMail | None]]:
        since = date.fromisoformat(place["since"]) if "since" in place else None
        uids = self.client.uids(after=place["uid"], since=since)
        for start in range(0, len(uids), _UIDS_AT_ONCE):
            some = uids[start : start + _UIDS_AT_ONCE]
            stored = self.known([folder.key(uid) for uid in some])
            sizes = self.client.sizes([uid for uid in some if folder.key(uid) not in stored])
            for group in _groups({uid: size for uid, (size, _) in sizes.items()}, self.at_once):
                contents = self.client.contents(group, largest=conf().max_mail_bytes)
                for uid in group:
                    yield uid, _raw_mail(folder, uid, contents, sizes)
            yield some[-1], None


def _raw_mail(
    folder: Folder, uid: int, contents: dict[int, bytes], sizes: dict[int, tuple[int, Marks]]
) -> RawMail | None:
    if uid not in contents:
        return None
    size, marks = sizes[uid]
    return RawMail(key=folder.key(uid), content=contents[uid], size=size, is_sent=folder.is_sent, marks=marks)


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
