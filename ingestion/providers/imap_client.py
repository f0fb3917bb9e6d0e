"""A read-only session with an IMAP server, in the few questions a sync asks; its errors are ours."""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from typing import Any, NamedTuple

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError, MailboxFolderSelectError, MailboxLoginError, UnexpectedCommandStatusError

from ingestion.conf import conf
from ingestion.providers.errors import AccessRefusedError, MailboxMissingError, MailboxUnavailableError
from ingestion.providers.imap_url import ImapUrl
from ingestion.providers.protocol import Marks
from ingestion.providers.sent_folders import SENT_NAMES

# RFC 5530: the server says no, but not because of the password.
_BUSY_CODES = ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]", "[CONTACTADMIN]")
_UID = re.compile(rb"\bUID (\d+)")
_RANGE = re.compile(r"(\d+)(?::(\d+))?")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_EMPTY_BODY = re.compile(rb'BODY\[\](?:<0>)? ""')


class Opened(NamedTuple):
    """A folder as it was when it was opened."""

    validity: int
    highest: int
    """The highest UID given out so far."""
    modseq: int
    """The state of all flags (RFC 7162, 3.1.2.1); 0: the server keeps none."""


class ImapClient:
    """One logged-in connection."""

    def __init__(self, box: BaseMailBox) -> None:
        self._box = box
        offered = b" ".join(line for line in box.client.capability()[1] if line).decode("ascii", "replace")
        capabilities = set(offered.upper().split())
        best = next((name for name in ("QRESYNC", "CONDSTORE") if name in capabilities), "")
        can_enable = "ENABLE" in capabilities
        self.tells_changes, self.tells_vanished = bool(best), best == "QRESYNC" and can_enable
        if best and can_enable:
            # RFC 7162, 3.2.3: QRESYNC counts only once it is switched on; Dovecot counts changes from then on.
            box.client.xatom("ENABLE", best)

    def folders(self, only: str) -> list[tuple[str, bool]]:
        """Return (name, whether it holds sent mail): the one asked for, or INBOX and the folder of sent mail."""
        if only:
            return [(only, False)]
        there = {info.name: info.flags for info in self._box.folder.list() if "\\Noselect" not in info.flags}
        marked = [name for name, flags in there.items() if "\\Sent" in flags]
        named = [name for name in SENT_NAMES if name in there]
        return [("INBOX", False), *((name, True) for name in (marked or named)[:1])]

    def open(self, folder: str) -> Opened:
        """Open a folder read-only."""
        self._box.folder.set(folder, readonly=True)
        said = self._box.client.untagged_responses
        modseq = _number(said.get("HIGHESTMODSEQ"), 0) if self.tells_changes else 0
        next_uid = _number(said.get("UIDNEXT"), 1)
        return Opened(_number(said.get("UIDVALIDITY"), 0), next_uid - 1, modseq)

    def marks(self, first: int, last: int, *, changed_since: int = 0) -> dict[int, Marks]:
        """Return the marks of the mails with these UIDs, with `changed_since` of those that changed after it only."""
        since = f"(CHANGEDSINCE {changed_since})" if changed_since else ""
        return self._marks(first, last, since)

    def changes(self, first: int, last: int, *, since: int) -> tuple[dict[int, Marks], Iterator[int]]:
        """Return the marks that changed, and the UIDs that vanished; for servers that tell them."""
        self._box.client.response("VANISHED")
        marks = self._marks(first, last, f"(CHANGEDSINCE {since} VANISHED)")
        lines = self._box.client.response("VANISHED")[1]
        told = " ".join(line.decode("ascii", "replace") for line in lines if isinstance(line, bytes))
        return marks, _numbers(told.replace("(EARLIER)", ""), first, last)

    def uids(self, *, after: int, since: date | None = None) -> list[int]:
        """Return the UIDs above `after` of mails that arrived on or after a day, ascending."""
        criteria = f"UID {after + 1}:*" + (
            f" SINCE {since.day}-{_MONTHS[since.month - 1]}-{since.year}" if since else ""
        )
        found = self._box.uids(criteria, charset=None)
        return sorted(uid for uid in map(int, found) if uid > after)

    def sizes(self, uids: list[int]) -> dict[int, tuple[int, Marks]]:
        """Return the sizes in bytes and the marks; a mail deleted meanwhile is left out."""
        found: dict[int, tuple[int, Marks]] = {}
        for item in self._fetch(uids, "(UID RFC822.SIZE FLAGS)"):
            line = item[0] if isinstance(item, tuple) else item
            uid, size = _UID.search(line), _SIZE.search(line)
            if uid and size:
                found[int(uid[1])] = (int(size[1]), _marks_in(line))
        return found

    def contents(self, uids: list[int], *, largest: int) -> dict[int, bytes]:
        """Return the mails, each at most `largest` bytes of it, and leave its flags alone."""
        found: dict[int, bytes] = {}
        items = self._fetch(uids, f"(UID BODY.PEEK[]<0.{largest}>)")
        for item, following in zip(items, [*items[1:], b""], strict=True):
            if isinstance(item, tuple):
                # A server may name the UID before or after the body.
                tail = following if isinstance(following, bytes) else b""
                if uid := _UID.search(item[0]) or _UID.search(tail):
                    found[int(uid[1])] = item[1]
            elif _EMPTY_BODY.search(item) and (uid := _UID.search(item)):
                found[int(uid[1])] = b""
        return found

    def _fetch(self, uids: list[int], parts: str) -> list[bytes | tuple[bytes, bytes]]:
        return self._asked(",".join(map(str, uids)), parts) if uids else []

    def _marks(self, first: int, last: int, modifiers: str) -> dict[int, Marks]:
        found = {}
        for item in self._asked(f"{first}:{last}", "(FLAGS)", *([modifiers] if modifiers else [])):
            if isinstance(item, bytes) and (uid := _UID.search(item)):
                found[int(uid[1])] = _marks_in(item)
        return found

    def _asked(self, uids: str, *words: str) -> list[bytes | tuple[bytes, bytes]]:
        result = self._box.client.uid("FETCH", uids, *words)
        if result[0] != "OK":
            raise UnexpectedCommandStatusError(result, "OK")
        return [item for item in result[1] if item is not None]


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@contextmanager
def connected(mailbox: ImapUrl, password: str) -> Iterator[ImapClient]:
    """Log in, give the session, log out; whatever goes wrong within is raised as one of providers.errors."""
    place = f"{mailbox.host}:{mailbox.port}"
    box: BaseMailBox | None = None
    try:
        box = _connect(mailbox)
        _log_in(box, mailbox.username, password)
        yield ImapClient(box)
    except (OSError, imaplib.IMAP4.error, ImapToolsError) as error:
        if isinstance(error, MailboxFolderSelectError) and not _is_busy(error):
            message = f"{place} has no such folder: {_said(error)}"
            raise MailboxMissingError(message) from None
        message = f"{place}: {_said(error)}"
        raise MailboxUnavailableError(message) from error
    finally:
        if box:
            _hang_up(box)


def _connect(mailbox: ImapUrl) -> BaseMailBox:
    """Connect with a verified certificate; unencrypted only to this machine itself."""
    timeout = conf().imap_timeout_seconds
    if mailbox.scheme == "imaps":
        return MailBox(mailbox.host, mailbox.port, timeout, ssl_context=ssl.create_default_context())
    if mailbox.is_loopback:
        return MailBoxUnencrypted(mailbox.host, mailbox.port, timeout)
    return MailBoxStartTls(mailbox.host, mailbox.port, timeout, ssl_context=ssl.create_default_context())


def _log_in(box: BaseMailBox, username: str, password: str) -> None:
    try:
        if username.isascii() and password.isascii():
            box.login(username, password, initial_folder=None)
        else:
            box.login_utf8(username, password, initial_folder=None)
    except imaplib.IMAP4.abort:
        raise
    except (MailboxLoginError, imaplib.IMAP4.error) as error:
        if _is_busy(error):
            raise
        message = f"The server refused the user name or password: {_said(error)}"
        # `from None`: the cause's traceback holds the password in its frames.
        raise AccessRefusedError(message) from None


def _hang_up(box: BaseMailBox) -> None:
    with suppress(OSError, imaplib.IMAP4.error, ImapToolsError):
        box.logout()
    with suppress(OSError):
        # A server that is gone lets logout fail before it closes the socket.
        box.client.shutdown()


def _is_busy(error: Exception) -> bool:
    return any(code in _said(error).upper() for code in _BUSY_CODES)


def _marks_in(line: bytes) -> Marks:
    flags = {flag.upper() for flag in imaplib.ParseFlags(line)}
    return Marks(seen=b"\\SEEN" in flags, answered=b"\\ANSWERED" in flags, flagged=b"\\FLAGGED" in flags)


def _numbers(text: str, first: int, last: int) -> Iterator[int]:
    """Yield the numbers of a sequence set such as 4,7:9 that lie within bounds."""
    for start, end in _RANGE.findall(text):
        yield from range(max(int(start), first), min(int(end or start), last) + 1)


def _number(said: Any, default: int) -> int:
    return int(said[0]) if said and said[0] else default


def _said(error: Exception) -> str:
    if isinstance(error, UnexpectedCommandStatusError):
        return b" ".join(part for part in error.command_result[1] if isinstance(part, bytes)).decode("utf-8", "replace")
    return str(error) or type(error).__name__
