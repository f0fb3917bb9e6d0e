"""A Maildir folder: one file per mail; the unique part of its name is the key, so flags and moves don't matter."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from ingestion.conf import conf
from ingestion.headers import is_older
from ingestion.providers.errors import MailboxMissingError
from ingestion.providers.protocol import Cursor, Known, Page, Pager, RawMail, stored_key
from ingestion.providers.sent_folders import SENT_NAMES

_KEYS_AT_ONCE = 500
_FLAGS = re.compile(r"[:;!]2,[^/]*$")


class Maildir:
    """One Maildir with, if it has one, its Maildir++ folder of sent mail."""

    keys_are_stable = True
    looks_back = False

    def __init__(self, path: Path) -> None:
        self._path = path

    def fetch(
        self, cursor: Cursor, *, full: bool, since: datetime | None, limit: int | None, known: Known
    ) -> Iterator[Page]:
        """Yield the files whose key isn't known; the cursor stays empty. See Provider.fetch."""
        del cursor, full  # What is stored is the position.
        if not any((self._path / part).is_dir() for part in ("new", "cur")):
            message = f"{self._path} is no Maildir: it has neither new/ nor cur/"
            raise MailboxMissingError(message)
        pager = Pager(mails=conf().page_mails, size=conf().page_bytes, limit=limit)
        try:
            yield from pager.pages(self._mails(since, known))
        except PermissionError as error:
            message = f"{error.filename}: {error.strerror}"
            raise MailboxMissingError(message) from None

    def _mails(self, since: datetime | None, known: Known) -> Iterator[tuple[RawMail | None, Cursor]]:
        for folder in self._folders():
            for key, path in _unknown(_listing(folder, self._path), known):
                mail = self._read(key, path, folder)
                if mail and not (since and is_older(mail.content, since)):
                    yield mail, {}

    def _folders(self) -> list[Path]:
        sent = [self._path / f".{name}" for name in SENT_NAMES]
        return [self._path, *(folder for folder in sent if (folder / "cur").is_dir())]

    def _read(self, key: str, path: Path, folder: Path) -> RawMail | None:
        """Return the mail, looked up again if it was renamed meanwhile; None if it was deleted."""
        for candidate in (path, None):
            current = candidate or _listing(folder, self._path).get(key)
            try:
                if current is None:
                    return None
                with current.open("rb") as file:
                    content = file.read(conf().max_mail_bytes)
                    size = os.fstat(file.fileno()).st_size
            except FileNotFoundError:
                continue
            return RawMail(key=key, content=content, size=size, is_sent=folder != self._path)
        return None


def _listing(folder: Path, root: Path) -> dict[str, Path]:
    """Return the files by key; new/ is read before cur/, because that is the way a mail moves."""
    prefix = "" if folder == root else f"{folder.name[1:]}/"
    found: dict[str, Path] = {}
    for part in ("new", "cur"):
        if (folder / part).is_dir():
            files = (path for path in (folder / part).iterdir() if not path.name.startswith("."))
            found.update({_key(prefix, path.name): path for path in files})
    return found


def _key(prefix: str, name: str) -> str:
    # A file's name is bytes: what is no UTF-8 in it comes as surrogates, which no database takes.
    readable = _FLAGS.sub("", name).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return stored_key(prefix + readable)


def _unknown(listing: dict[str, Path], known: Known) -> list[tuple[str, Path]]:
    """Return what is not stored, in order of delivery."""
    keys = list(listing)
    fresh: list[str] = []
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        some = keys[start : start + _KEYS_AT_ONCE]
        stored = known(some)
        fresh += [key for key in some if key not in stored]
    return sorted(((key, listing[key]) for key in fresh), key=lambda item: (_delivered(item[1]), item[0]))


def _delivered(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
