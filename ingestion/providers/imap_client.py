"""A read-only session with an IMAP server, in the few questions a sync asks; its errors are ours."""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from typing import Any

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError, MailboxFolderSelectError, MailboxLoginError, UnexpectedCommandStatusError

from ingestion.conf import conf
from ingestion.providers.errors import AccessRefusedError, MailboxMissingError, MailboxUnavailableError
from ingestion.providers.imap_url import ImapUrl
from ingestion.providers.sent_folders import SENT_NAMES

# RFC 5530: the server says no, but not because of the password.
_BUSY_CODES = ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]", "[CONTACTADMIN]")
_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_EMPTY_BODY = re.compile(rb'BODY\[\](?:<0>)? ""')


class ImapClient:
    """One logged-in connection."""

    def __init__(self, box: BaseMailBox) -> None:
        self._box = box

    def folders(self, only: str) -> list[tuple[str, bool]]:
        """Return (name, whether it holds sent mail): the one asked for, or INBOX and the folder of sent mail."""
        if only:
            return [(only, False)]
        there = {info.name: info.flags for info in self._box.folder.list() if "\\Noselect" not in info.flags}
        marked = [name for name, flags in there.items() if "\\Sent" in flags]
        named = [name for name in SENT_NAMES if name in there]
        return [("INBOX", False), *((name, True) for name in (marked or named)[:1])]

    def open(self, folder: str) -> tuple[int, int]:
        """Open a folder read-only and return its UIDVALIDITY and the highest UID it has given out so far."""
        self._box.folder.set(folder, readonly=True)
        said = self._box.client.untagged_responses
        validity = _number(said.get("UIDVALIDITY"), 0)
        next_uid = _number(said.get("UIDNEXT"), 1)
        return validity, next_uid - 1

    def uids(self, *, after: int, since: date | None) -> list[int]:
        """Return the UIDs above `after` of mails that arrived on or after a day, ascending."""
        criteria = f"UID {after + 1}:*" + (
            f" SINCE {since.day}-{_MONTHS[since.month - 1]}-{since.year}" if since else ""
        )
        found = self._box.uids(criteria, charset=None)
        return sorted(uid for uid in map(int, found) if uid > after)

    def sizes(self, uids: list[int]) -> dict[int, int]:
        """Return the sizes in bytes; a mail deleted meanwhile is left out."""
        found: dict[int, int] = {}
        for item in self._fetch(uids, "(UID RFC822.SIZE)"):
            line = item[0] if isinstance(item, tuple) else item
            uid, size = _UID.search(line), _SIZE.search(line)
            if uid and size:
                found[int(uid[1])] = int(size[1])
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
        if not uids:
            return []
        result = self._box.client.uid("FETCH", ",".join(map(str, uids)), parts)
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


def _number(said: Any, default: int) -> int:
    return int(said[0]) if said and said[0] else default


def _said(error: Exception) -> str:
    if isinstance(error, UnexpectedCommandStatusError):
        return b" ".join(part for part in error.command_result[1] if isinstance(part, bytes)).decode("utf-8", "replace")
    return str(error) or type(error).__name__
