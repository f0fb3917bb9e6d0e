"""An mbox file, read from the byte where the last sync stopped; a rewritten file is read anew from its start."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from ingestion.conf import conf
from ingestion.headers import is_older
from ingestion.providers.errors import MailboxMissingError, MailboxUnavailableError
from ingestion.providers.protocol import Cursor, Known, Page, Pager, RawMail

_PROBE_BYTES = 4096
_LINE_BYTES = 65_536
_DATED = re.compile(rb"\d\d?:\d\d.*\d{4}")
_HEADER_LIKE = re.compile(rb"[\x21-\x39\x3b-\x7e]{1,76}:|>From ")
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)


class Mbox:
    """One mbox file; also a single message in a file."""

    keys_are_stable = False
    looks_back = False

    def __init__(self, path: Path) -> None:
        self._path = path

    def fetch(
        self, cursor: Cursor, *, full: bool, since: datetime | None, limit: int | None, known: Known
    ) -> Iterator[Page]:
        """Yield what was appended behind the cursor, or everything if the file was rewritten; see Provider.fetch."""
        del known  # Offsets mean other mails after a rewrite.
        try:
            with self._path.open("rb") as file:
                end = _settled_size(file)
                start = 0 if full or not _is_unchanged(file, cursor, end) else int(cursor["offset"])
                pager = Pager(mails=conf().page_mails, size=conf().page_bytes, limit=limit)
                for page in pager.pages(_mails(file, start, end, since)):
                    yield Page(page.mails, _cursor(file, int(page.cursor["offset"])))
        except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
            message = f"{self._path}: {error.strerror}"
            raise MailboxMissingError(message) from None


def _settled_size(file: BinaryIO) -> int:
    """Return the size while no other program is in the middle of appending."""
    try:
        fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        message = f"{file.name} is locked by another program"
        raise MailboxUnavailableError(message, retry_after=30) from None
    try:
        return os.fstat(file.fileno()).st_size
    finally:
        fcntl.lockf(file, fcntl.LOCK_UN)


def _mails(file: BinaryIO, start: int, end: int, since: datetime | None) -> Iterator[tuple[RawMail | None, Cursor]]:
    largest = conf().max_mail_bytes
    for separator, begin, stop in _spans(file, start, end):
        content = os.pread(file.fileno(), min(stop - begin, largest), begin)
        if os.fstat(file.fileno()).st_size < end:
            message = f"{file.name} was cut while it was read"
            raise MailboxUnavailableError(message)
        content = _QUOTED_FROM.sub(rb"\1", content).rstrip(b"\r\n")
        wanted = bool(content) and not (since and is_older(content, since))
        mail = RawMail(key=str(separator), content=content + b"\n", size=stop - begin) if wanted else None
        yield mail, {"offset": stop}


def _spans(file: BinaryIO, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield (separator's offset, content's offset, content's end) of each mail; text before a separator is one too."""
    separator = begin = start
    for found, after in _separators(file, start, end):
        if found > start:
            yield separator, begin, found
        separator, begin = found, after
    if begin < end:
        yield separator, begin, end


def _separators(file: BinaryIO, start: int, end: int) -> Iterator[tuple[int, int]]:
    candidate: tuple[int, bytes, bool] | None = None
    after_blank = at_line_start = True
    position = start
    file.seek(start)
    while position < end and (line := file.readline(min(_LINE_BYTES, end - position))):
        if candidate and is_separator(candidate[1], after_blank=candidate[2], next_line=line):
            yield candidate[0], position
        candidate = (position, line, after_blank) if at_line_start and line.startswith(b"From ") else None
        at_line_start = line.endswith(b"\n")
        after_blank = at_line_start and not line.strip()
        position += len(line)


def is_separator(line: bytes, *, after_blank: bool, next_line: bytes) -> bool:
    """Tell whether a line that starts with "From " starts a mail: two of three signs must say so.

    Real files break each rule of RFC 4155: some lack the blank line, some the date, some quote no "From " in bodies.
    """
    signs = (after_blank, bool(_DATED.search(line)), bool(_HEADER_LIKE.match(next_line)))
    return sum(signs) >= 2


def _is_unchanged(file: BinaryIO, cursor: Cursor, end: int) -> bool:
    offset = cursor.get("offset", 0)
    if not 0 < offset <= end or _cursor(file, offset) != cursor:
        return False
    appended = os.pread(file.fileno(), _PROBE_BYTES, offset).lstrip(b"\r\n")
    return not appended or appended.startswith(b"From ")


def _cursor(file: BinaryIO, offset: int) -> Cursor:
    """Return the position with digests of the bytes at the file's start and before it, to notice a rewrite."""
    head = os.pread(file.fileno(), min(_PROBE_BYTES, offset), 0)
    tail_at = max(0, offset - _PROBE_BYTES)
    tail = os.pread(file.fileno(), offset - tail_at, tail_at)
    return {"offset": offset, "head": hashlib.sha256(head).hexdigest(), "tail": hashlib.sha256(tail).hexdigest()}
