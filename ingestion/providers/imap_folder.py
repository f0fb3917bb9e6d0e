"""A folder of an IMAP server as it is known between syncs; pure."""

from __future__ import annotations

from dataclasses import dataclass

from ingestion.providers.protocol import stored_key


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder; its keys hold for as long as its UIDVALIDITY."""

    name: str
    is_sent: bool
    validity: int

    @property
    def prefix(self) -> str:
        """What the keys of its mails begin with."""
        return f"{self.name}/{self.validity}/"

    def key(self, uid: int) -> str:
        """Return the key of a mail."""
        return stored_key(f"{self.prefix}{uid}")
