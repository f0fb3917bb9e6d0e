"""API tokens: made, recognised and revoked; the secret leaves here once and is never stored."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser

from jobs.errors import RefusedError
from jobs.models import ApiToken
from jobs.models.token import Scope

PREFIX = "daybook_"
LONGEST_DAYS = 366
_SHOWN_CHARACTERS = 14
_USE_NOTED_EVERY = timedelta(minutes=1)


def make(*, user: AbstractBaseUser, name: str, scopes: Iterable[str], days: int, now: datetime) -> tuple[ApiToken, str]:
    """Return a new token and its secret, which nobody can learn again.

    Raises: RefusedError for an unknown scope, none at all, or a life of less than a day or more than 366.
    """
    wanted = sorted(set(scopes))
    if not wanted or set(wanted) - set(Scope.values):
        raise RefusedError(
            f"a token needs some of the scopes {', '.join(Scope.values)}, not {', '.join(wanted) or 'none'}"
        )
    if not 1 <= days <= LONGEST_DAYS:
        raise RefusedError(f"a token lives 1 to {LONGEST_DAYS} days, not {days}")
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user_id=user.pk,
        name=name[:100],
        digest=_digest(secret),
        beginning=secret[:_SHOWN_CHARACTERS],
        scopes=wanted,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    return token, secret


def recognise(secret: str, *, now: datetime) -> ApiToken | None:
    """Return the token with that secret, if it is in force, and note its use."""
    token = ApiToken.objects.in_force(now=now).select_related("user").filter(digest=_digest(secret)).first()
    if token and (token.last_used_at is None or now - token.last_used_at >= _USE_NOTED_EVERY):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def revoke(token: ApiToken, *, now: datetime) -> bool:
    """Make the token open nothing any more; False when it was revoked already."""
    return bool(ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now))


def _digest(secret: str) -> str:
    # 256 random bits need no slow hash: there is nothing to guess.
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
