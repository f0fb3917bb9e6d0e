"""The shape of every calendar provider: pages of changed objects as iCalendar text; never the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

Cursor = dict[str, Any]
Versions = Callable[[list[str]], dict[str, str]]


@dataclass(frozen=True, slots=True)
class Change:
    """A calendar object that is new, changed or gone."""

    key: str
    """What the provider calls it."""
    version: str = ""
    source: str | None = None
    """Its iCalendar text (RFC 5545); None: it is gone."""
    part: str = ""
    """Where the provider keeps a recurring event in several objects: which of them this is."""


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Some changes, and the cursor that is right once they are stored."""

    changes: tuple[Change, ...]
    cursor: Cursor
    present: frozenset[str] | None = None
    """On the last page of a full listing: the keys of all there is; every other one is gone."""
    listed_since: datetime | None = None
    """Where the listing reaches back to a time only: what ended before it is not gone."""


class CalendarProvider(Protocol):
    """A calendar that can be read, and that copies can be put into."""

    def changes(self, cursor: Cursor, *, full: bool, versions: Versions) -> Iterator[ChangePage]:
        """Yield what changed after `cursor`.

        Args:
            cursor: what the last stored page said; {} at first.
            full: look at everything again.
            versions: tells which versions of some keys are stored.

        Raises:
            ProviderError: `permanent` tells whether trying again can help.
        """

    def put(self, uid: str, source: str, *, zone: str) -> None:
        """Store the calendar object with that UID, in place of the one there was; the same twice is the same once.

        `zone` is that of times without one. A recurring object is one that `excerpt` made: it has its last day.

        Raises: as `changes`.
        """
