"""What a user is told when one of their accounts can't be read any more."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser

from ingestion.models import Notice as AccountNotice
from notifications.composing.wording import Notice, addressed, one_line, written
from notifications.models import Preference


def account_notice_of(row: AccountNotice, *, user: AbstractBaseUser, preference: Preference) -> Notice:
    """Return the notice in the user's language; what ingestion said stands below as it is."""
    place = row.account.address or row.account.location if row.account else ""
    facts = {**addressed(user, preference), "kind": row.kind, "place": one_line(place), "text": one_line(row.text)}
    return written("account", preference.language, facts)
