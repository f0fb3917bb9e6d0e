"""Quarantined messages: those that wait for a person, and one by its id."""

from __future__ import annotations

import uuid

from jobs.errors import DaybookError
from jobs.models import BadMessage


class NoSuchMessageError(DaybookError):
    """No quarantined message has that id."""


def open_messages(*, limit: int = 100) -> list[BadMessage]:
    """Return the quarantined messages that were neither replayed nor discarded, the latest first, without bytes."""
    waiting = BadMessage.objects.filter(replayed_at=None, discarded_at=None)
    return list(waiting.defer("body").order_by("-id")[:limit])


def find_message(message_id: str) -> BadMessage:
    """Return the quarantined message with that id.

    Raises: NoSuchMessageError
    """
    try:
        found = BadMessage.objects.filter(pk=uuid.UUID(message_id)).first()
    except ValueError:
        found = None
    if found is None:
        raise NoSuchMessageError(f"no quarantined message has the id {message_id}")
    return found
