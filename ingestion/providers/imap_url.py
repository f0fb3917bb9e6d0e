"""Addresses of IMAP mailboxes: imaps://user:password@host:port/folder taken apart; pure."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

_PORTS = {"imaps": 993, "imap": 143}


@dataclass(frozen=True, slots=True)
class ImapUrl:
    """An IMAP mailbox; `location` is the part without the password."""

    scheme: str
    username: str
    host: str
    port: int
    folder: str
    """Empty: INBOX and the folder of sent mail."""

    @property
    def location(self) -> str:
        """The canonical URL, without password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        folder = quote(self.folder or "INBOX", safe="")
        return f"{self.scheme}://{quote(self.username, safe='')}@{host}:{self.port}/{folder}"

    @property
    def is_loopback(self) -> bool:
        """Whether the server is this machine, so that a password may go unencrypted."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def parse_imap_url(text: str) -> tuple[ImapUrl, str]:
    """Return the mailbox and the password ("" if the URL has none).

    Raises:
        ValueError: it is no usable IMAP URL; the message never quotes it, because it may hold a password.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError("The IMAP URL has a bad port or host.") from None
    if parts.scheme not in _PORTS:
        raise ValueError("An IMAP URL starts with imaps:// or imap://.")
    if not parts.hostname or not parts.username:
        raise ValueError("An IMAP URL needs user and host: imaps://user:password@host/INBOX.")
    folder = unquote(parts.path.strip("/"))
    mailbox = ImapUrl(
        scheme=parts.scheme,
        username=unquote(parts.username),
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        folder="" if folder.upper() == "INBOX" else folder,
    )
    return mailbox, unquote(parts.password or "")
