"""What every channel offers: a line that is opened first, so that a message is claimed only when it can go out."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """One message, ready to go."""

    address: str
    title: str
    body: str
    message_id: str


class Line(Protocol):
    """An open connection."""

    def send(self, message: Outgoing) -> None:
        """Send one message; returns once the receiver took it.

        Raises: DeliveryError or one of its kinds.
        """


class Channel(Protocol):
    """A way out to people."""

    def opened(self) -> AbstractContextManager[Line]:
        """Return a line that closes at the end of the block.

        Raises: UnavailableError on entering, when there is no line to be had.
        """
