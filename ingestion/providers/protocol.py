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


def stored_key(key: str) -> str:
    """Return a provider's key at a length that can be stored; long ones stay apart by their digest."""
    if len(key) <= LONGEST_KEY:
        return key
    return f"{key[: LONGEST_KEY - 65]}#{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()}"


@dataclass(frozen=True, slots=True)
class RawMail:
    """A mail as the provider holds it."""

    key: str
    content: bytes
    size: int
    """In bytes; more than `content` has when the mail was too large to read whole."""
    is_sent: bool = False
    """It lies in the folder for sent mail."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some mails, and the cursor that is right once they are stored."""

    mails: tuple[RawMail, ...]
    cursor: Cursor


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

    def pages(self, stream: Iterable[tuple[RawMail | None, Cursor]]) -> Iterator[Page]:
        """Yield pages, each with the cursor that came with its last mail; None is a mail that was left out."""
        page: list[RawMail] = []
        at = turned = None
        try:
            for mail, at in stream:
                if mail is not None:
                    page.append(mail)
                if self._is_full(page):
                    yield self._turn(page, at)
                    page, turned = [], at
                    if self._left == 0:
                        return
        except MailboxUnavailableError:
            # What came before is kept: a busy server must not keep a sync from advancing.
            if page and at is not None:
                yield self._turn(page, at)
            raise
        if at is not None and (page or at != turned):
            yield self._turn(page, at)

    def _is_full(self, page: list[RawMail]) -> bool:
        room = self._mails if self._left is None else min(self._mails, self._left)
        return bool(page) and (len(page) >= room or sum(len(mail.content) for mail in page) >= self._size)

    def _turn(self, page: list[RawMail], cursor: Cursor) -> Page:
        if self._left is not None:
            self._left -= len(page)
        return Page(mails=tuple(page), cursor=cursor)
