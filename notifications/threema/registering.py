"""Makes the tokens that users send by Threema, and activates the integration whose token came back."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import quote

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from jobs.context import active_run
from notifications.channels import APPRISE
from notifications.conf import conf
from notifications.models import Preference, ThreemaIntegration

VALID_FOR = timedelta(hours=24)
THREEMA_ID = re.compile(r"[A-Z0-9]{8}")


class Outcome(StrEnum):
    """What became of a registration."""

    ACTIVATED = "activated"
    ALREADY = "already"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


def start_registration(user: AbstractBaseUser, *, now: datetime) -> str:
    """Return a fresh token of 80 random bits, fit to be typed, that the user sends to our gateway's Threema ID."""
    token = secrets.token_hex(10)
    ThreemaIntegration.objects.create(user_id=user.pk, digest=_digest(token), expires_at=now + VALID_FOR)
    return token


def activate(token: str, threema_id: str, *, now: datetime) -> Outcome:
    """Let the user whose token it is be told at this Threema ID from now on; the same twice is the same once.

    Raises: ValueError when it is no Threema ID.
    """
    if not THREEMA_ID.fullmatch(threema_id):
        raise ValueError("not a Threema ID")
    with transaction.atomic():
        row = ThreemaIntegration.objects.select_for_update().filter(digest=_digest(token)).first()
        if row is None:
            return Outcome.UNKNOWN
        if row.activated_at is not None:
            return Outcome.ALREADY if row.threema_id == threema_id else Outcome.UNKNOWN
        if row.expires_at <= now:
            return Outcome.EXPIRED
        run = active_run()
        row.threema_id, row.activated_at, row.run_id = threema_id, now, run.id if run else None
        row.save(update_fields=["threema_id", "activated_at", "run_id"])
        _prefer(row.user, threema_id)
    return Outcome.ACTIVATED


def delete_spent(*, now: datetime) -> int:
    """Delete registrations whose token did not come back in time; returns how many."""
    return ThreemaIntegration.objects.spent(now).delete()[0]


def _prefer(user: AbstractBaseUser, threema_id: str) -> None:
    Preference.objects.get_or_create(user_id=user.pk)
    preference = Preference.objects.select_for_update().get(user_id=user.pk)
    sender, secret = quote(conf().threema_gateway_id, safe="*"), quote(conf().threema_gateway_secret, safe="")
    url = f"threema://{sender}@{secret}/{threema_id}"
    preference.apprise_urls = [*dict.fromkeys([*(preference.apprise_urls or []), url])]
    preference.channels = [*dict.fromkeys([*preference.channels, APPRISE])]
    preference.save(update_fields=["apprise_urls", "channels"])


def _digest(token: str) -> str:
    return hashlib.sha256(token.strip().lower().encode()).hexdigest()
