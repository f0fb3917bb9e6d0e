"""Where mail comes from: one module per provider, all of the shape in protocol.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ingestion.providers.imap import Imap
from ingestion.providers.imap_url import parse_imap_url
from ingestion.providers.maildir import Maildir
from ingestion.providers.mbox import Mbox
from ingestion.providers.protocol import Provider

Credentials = dict[str, Any]


def _open_imap(location: str, credentials: Credentials) -> Provider:
    return Imap(parse_imap_url(location)[0], credentials.get("password", ""))


_OPENERS: dict[str, Callable[[str, Credentials], Provider]] = {
    "mbox": lambda location, _: Mbox(Path(location)),
    "maildir": lambda location, _: Maildir(Path(location)),
    "imap": _open_imap,
}


def open_provider(name: str, location: str, credentials: Credentials | None) -> Provider:
    """Return the provider of an account; nothing is connected before its first fetch."""
    return _OPENERS[name](location, credentials or {})
