"""Magic links: the token is in the mail alone, its digest in the database."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from notifications.models import AccessToken, Participant

VALID_FOR = timedelta(days=14)


def new_token(participant: Participant, *, now: datetime) -> str:
    """Return a fresh token of 256 random bits that lets the participant in."""
    token = secrets.token_urlsafe(32)
    AccessToken.objects.create(participant=participant, digest=_digest(token), expires_at=now + VALID_FOR)
    return token


def use_token(token: str, *, now: datetime) -> Participant | None:
    """Return whom the token lets in, and note its first use; None when it lets nobody in.

    It goes on to work for a day after its first use, since mail scanners open links, too.
    """
    found = AccessToken.objects.usable(now).filter(digest=_digest(token)).select_related("participant__exchange")
    row = found.first()
    if row is None:
        return None
    AccessToken.objects.filter(pk=row.pk, used_at=None).update(used_at=now)
    return row.participant


def delete_spent(*, now: datetime) -> int:
    """Delete tokens that expired or were first used over a day ago; returns how many."""
    return AccessToken.objects.spent(now).delete()[0]


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
