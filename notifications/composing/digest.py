"""A digest: several notices that would have come one by one, in one message."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.base_user import AbstractBaseUser

from notifications.composing.wording import Notice, addressed, written
from notifications.models import Delivery, Preference


def digest_of(deliveries: Sequence[Delivery], *, user: AbstractBaseUser, preference: Preference) -> Notice:
    """Return one notice that says what these deliveries would have said, oldest first; only titles where short."""
    parts = [
        {"title": each.heading, "rule": "-" * min(len(each.heading), 72), "body": each.text} for each in deliveries
    ]
    facts = {**addressed(user, preference), "parts": parts, "count": len(parts), "first": parts[0]["title"]}
    return written("digest", preference.language, facts)
