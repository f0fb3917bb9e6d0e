"""What a person may ask of API tokens: make one, revoke one."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from jobs import audit, tokens
from jobs.models import ApiToken


def make_token(user: AbstractBaseUser, *, name: str, scopes: Iterable[str], days: int) -> tuple[ApiToken, str]:
    """Return a new token and its secret, which nobody can learn again.

    Raises: RefusedError for an unknown scope, none at all, or a life of less than a day or more than 366.
    """
    with transaction.atomic():
        token, secret = tokens.make(user=user, name=name, scopes=scopes, days=days, now=timezone.now())
        audit.note("make token", f"{token.beginning}… of {user}", after={"scopes": token.scopes, "days": days})
    return token, secret


def revoke_token(token: ApiToken) -> bool:
    """Make the token open nothing any more; False when it was revoked already."""
    changed = tokens.revoke(token, now=timezone.now())
    if changed:
        audit.note(
            "revoke token", f"{token.beginning}… of {token.user}", before={"revoked": False}, after={"revoked": True}
        )
    return changed
