"""An .ics file: read whole, and written whole beside itself, so that a reader never sees half of it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from ingestion.calendars.ics_text import by_uid, calendar_of, digest, parse_calendar
from ingestion.calendars.protocol import Change, ChangePage, Cursor, Versions
from ingestion.charsets import decode
from ingestion.providers.errors import MailboxMissingError
from ingestion.providers.protocol import stored_key

OBJECTS_AT_ONCE = 200


class IcsFile:
    """One file with any number of events."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def changes(self, cursor: Cursor, *, full: bool, versions: Versions) -> Iterator[ChangePage]:
        """Yield the objects whose text changed; nothing while the file is the same. The cursor is {"digest": str}."""
        text = self._read()
        whole = digest(text)
        if not full and cursor.get("digest") == whole:
            return
        there = {stored_key(uid): source for uid, source in by_uid(text).items()}
        keys = list(there)
        for start in range(0, max(len(keys), 1), OBJECTS_AT_ONCE):
            some = keys[start : start + OBJECTS_AT_ONCE]
            known = versions(some)
            changed = tuple(
                Change(key, digest(there[key]), there[key]) for key in some if known.get(key) != digest(there[key])
            )
            is_last = start + OBJECTS_AT_ONCE >= len(keys)
            yield ChangePage(changed, {"digest": whole} if is_last else cursor, frozenset(keys) if is_last else None)

    def put(self, uid: str, source: str, *, zone: str) -> None:
        """Store the object in place of the one with that UID; one writer at a time, by a lock on a file beside it."""
        del zone  # Times without one stay without one.
        with self._beside("lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._rewrite({**self._objects(), uid: source})

    def _objects(self) -> dict[str, str]:
        return by_uid(self._read()) if self._path.exists() else {}

    def _read(self) -> str:
        try:
            return decode(self._path.read_bytes(), "utf-8")[0]
        except OSError as error:
            message = f"{self._path}: {error.strerror}"
            raise MailboxMissingError(message) from None

    def _rewrite(self, objects: dict[str, str]) -> None:
        parts = {}
        for source in objects.values():
            for component in parse_calendar(source).subcomponents:
                parts[component.to_ical()] = component
        part = self._beside("part")
        with part.open("w", encoding="utf-8", newline="") as file:
            file.write(calendar_of(parts.values()))
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, self._path)

    def _beside(self, kind: str) -> Path:
        return self._path.with_name(f"{self._path.name}.{kind}")
