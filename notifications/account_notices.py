"""Tells users what ingestion found wrong with their accounts: a consent withdrawn, a password refused; each once."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Exists, F, OuterRef, QuerySet, Value
from django.db.models.functions import Concat

from ingestion.models import Notice
from notifications.composing.account import account_notice_of
from notifications.models import Preference, Signal
from notifications.telling import tell

PREFIX = f"{Signal.Kind.ACCOUNT}:"


def untold_notices() -> QuerySet[Notice]:
    """Return ingestion's notices that their owners were not told of."""
    told = Signal.objects.filter(user=OuterRef("owner"), key=OuterRef("signal_key"))
    return Notice.objects.annotate(signal_key=Concat(Value(PREFIX), F("key"))).filter(~Exists(told))


def users_with_notices() -> QuerySet[Any, int]:
    """Return the ids of users who have one."""
    return untold_notices().values_list("owner", flat=True)


def tell_of_accounts(user: AbstractBaseUser, *, now: datetime) -> Counter[str]:
    """Tell the user of each and return {signals}."""
    preference = Preference.of(user)
    counts: Counter[str] = Counter()
    for row in untold_notices().filter(owner=user.pk).select_related("account").order_by("pk"):
        notice = account_notice_of(row, user=user, preference=preference)
        counts["signals"] += tell(
            user,
            notice,
            preference=preference,
            kind=Signal.Kind.ACCOUNT,
            key=f"{PREFIX}{row.key}",
            now=now,
            importance=Signal.Importance.HIGH,
        )
    return counts
