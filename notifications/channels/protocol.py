"""What every channel offers: a line that is opened first, so that a message is claimed only when it can go out."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """One message, ready to go."""

    address: str
    """Where to, fit to be shown."""
    title: str
    body: str
    message_id: str
    """The same for every attempt, so that a receiver can recognise a second copy."""
    html: str = ""
    secret: str = ""
    """What the channel needs beside the address, never shown: a URL with a token, a signing secret."""
    headers: Mapping[str, str] = field(default_factory=dict)


class Line(Protocol):
    """An open connection."""

    def send(self, message: Outgoing) -> None:
        """Send one message; returns once the receiver took it.

        Raises: DeliveryError or one of its kinds.
        """


class Channel(Protocol):
    """A way out to people or machines."""

    most_unanswered: int
    """Attempts without an answer after which a message is not sent again: each of them may have arrived."""

    def opened(self) -> AbstractContextManager[Line]:
        """Return a line that closes at the end of the block.

        Raises: UnavailableError on entering, when there is no line to be had.
        """
