"""The one shape every mail provider has: pages of raw mails, each with the cursor to go on from; never the database."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from ingestion.providers.errors import MailboxUnavailableError

Cursor = dict[str, Any]
Known = Callable[[list[str]], set[str]]
LONGEST_KEY = 255
MOST_SIGHTINGS = 500


def stored_key(key: str) -> str:
    """Return a provider's key at a length that can be stored; long ones stay apart by their digest."""
    if len(key) <= LONGEST_KEY:
        return key
    return f"{key[: LONGEST_KEY - 65]}#{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Marks:
    """What the owner did with a mail at the provider."""

    seen: bool = False
    answered: bool = False
    flagged: bool = False


@dataclass(frozen=True, slots=True)
class RawMail:
    """A mail as the provider holds it."""

    key: str
    content: bytes
    size: int
    """In bytes; more than `content` has when the mail was too large to read whole."""
    is_sent: bool = False
    """It lies in the folder for sent mail."""
    marks: Marks = Marks()


@dataclass(frozen=True, slots=True)
class Sighting:
    """What became of a mail that was read before."""

    key: str
    marks: Marks | None
    """None: it is there no more."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some mails, and the cursor that is right once they are stored."""

    mails: tuple[RawMail, ...]
    cursor: Cursor
    sightings: tuple[Sighting, ...] = ()
    """Also of mails that were never stored."""
    forgotten: str = ""
    """Keys that begin so mean nothing any more; it says nothing of the mails."""


class Provider(Protocol):
    """A mailbox that can be read."""

    keys_are_stable: bool
    """Whether a key means the same mail for ever, so that known ones needn't be fetched again."""
    looks_back: bool
    """Whether a first sync reaches back EMAIL_SYNC_LOOKBACK_DAYS only; a file is read whole."""

    def fetch(
        self, cursor: Cursor, *, full: bool, since: datetime | None, limit: int | None, known: Known
    ) -> Iterator[Page]:
        """Yield what is new after `cursor`, oldest first.

        Args:
            cursor: what the last stored page said; {} at first.
            full: look at everything again, not only at what came after the cursor.
            since: leave out older mails where there is no position to go on from.
            limit: at most so many mails; a further call goes on behind them.
            known: tells which of some keys are stored already.

        Raises:
            ProviderError: `permanent` tells whether trying again can help.
        """


class Pager:
    """Cuts a stream of mails into pages by number and bytes, and stops at a limit."""

    def __init__(self, *, mails: int, size: int, limit: int | None) -> None:
        self._mails, self._size, self._left = mails, size, limit

    @property
    def is_full(self) -> bool:
        """Whether the limit is reached."""
        return self._left == 0

    def pages(self, stream: Iterable[tuple[RawMail | Sighting | None, Cursor]]) -> Iterator[Page]:
        """Yield pages, each with the cursor that came with its last item; None is a mail that was left out."""
        page: list[RawMail | Sighting] = []
        at = turned = None
        try:
            for item, at in stream:
                if item is not None:
                    page.append(item)
                if self._must_turn(page):
                    yield self._turn(page, at)
                    page, turned = [], at
                    if self.is_full:
                        return
        except MailboxUnavailableError:
            # What came before is kept: a busy server must not keep a sync from advancing.
            if page and at is not None:
                yield self._turn(page, at)
            raise
        if at is not None and (page or at != turned):
            yield self._turn(page, at)

    def _must_turn(self, page: list[RawMail | Sighting]) -> bool:
        mails = _mails(page)
        room = self._mails if self._left is None else min(self._mails, self._left)
        is_full = bool(mails) and (len(mails) >= room or sum(len(mail.content) for mail in mails) >= self._size)
        return is_full or len(page) - len(mails) >= MOST_SIGHTINGS

    def _turn(self, page: list[RawMail | Sighting], cursor: Cursor) -> Page:
        mails = _mails(page)
        if self._left is not None:
            self._left -= len(mails)
        seen = tuple(item for item in page if isinstance(item, Sighting))
        return Page(mails=tuple(mails), cursor=cursor, sightings=seen)


def _mails(page: Iterable[RawMail | Sighting]) -> list[RawMail]:
    return [item for item in page if isinstance(item, RawMail)]
