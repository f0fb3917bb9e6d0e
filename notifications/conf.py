"""Notifications' settings, typed; the only place that reads settings.DAYBOOK_NOTIFICATIONS."""

from __future__ import annotations

from dataclasses import dataclass, fields
from email.utils import parseaddr
from typing import Any

from django.conf import settings


@dataclass(frozen=True)
class Conf:
    """What may be tuned; durations carry their unit."""

    recent_days: int = 30
    """Important mail older than this brings no notice: a first sync reaches further back."""
    interval_minutes: int = 5
    most_attempts: int = 8
    """Tries of one delivery before it counts as failed."""
    sending_limit_minutes: int = 10
    """A delivery that has been sending for longer was cut off: its process is gone."""


def sender_domain() -> str:
    """Return the domain that our mail comes from."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"


def conf() -> Conf:
    """Return the settings in force now.

    Raises: ValueError naming settings there are none of.
    """
    given: dict[str, Any] = settings.DAYBOOK_NOTIFICATIONS
    unknown = set(given) - {field.name for field in fields(Conf)}
    if unknown:
        raise ValueError(f"unknown DAYBOOK_NOTIFICATIONS settings: {sorted(unknown)}")
    return Conf(**given)
