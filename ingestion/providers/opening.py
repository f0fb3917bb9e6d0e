"""Opens the provider of an account."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ingestion.models import Account
from ingestion.oauth import ConsentAuthorization
from ingestion.providers.errors import ConsentRevokedError, RejectedError
from ingestion.providers.gmail import Gmail
from ingestion.providers.graph import Graph
from ingestion.providers.http import is_safe_for_passwords
from ingestion.providers.imap import Imap
from ingestion.providers.imap_url import parse_imap_url
from ingestion.providers.maildir import Maildir
from ingestion.providers.mbox import Mbox
from ingestion.providers.protocol import Provider


def _open_imap(account: Account) -> Provider:
    return Imap(parse_imap_url(account.location)[0], (account.credentials or {}).get("password", ""))


def _authorization(account: Account) -> ConsentAuthorization:
    if not is_safe_for_passwords(account.location):
        raise RejectedError("a token goes to https:// only")
    if account.consent_id is None:
        raise ConsentRevokedError(f"{account}: there is no consent")
    return ConsentAuthorization(account.consent_id)


_OPENERS: dict[str, Callable[[Account], Provider]] = {
    "mbox": lambda account: Mbox(Path(account.location)),
    "maildir": lambda account: Maildir(Path(account.location)),
    "imap": _open_imap,
    "gmail": lambda account: Gmail(account.location, _authorization(account)),
    "graph": lambda account: Graph(account.location, _authorization(account)),
}


def open_provider(account: Account) -> Provider:
    """Return the provider of an account; nothing is connected before its first fetch."""
    return _OPENERS[account.provider](account)
