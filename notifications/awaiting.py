"""Tells users of mails of theirs that nobody answered: once each; what was answered in another thread doesn't count."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Exists, OuterRef, QuerySet

from ingestion.models import Mail
from notifications.composing.reminders import awaiting_of
from notifications.models import Preference, Signal
from notifications.rules import is_a_machines
from notifications.telling import tell, was_told
from notifications.windows import waits_too_long

FORGOTTEN_AFTER = timedelta(days=30)


def unanswered(*, now: datetime, days: int) -> QuerySet[Mail]:
    """Return mails sent at least `days` ago after which nobody, the owner included, wrote in their thread."""
    later = Mail.objects.filter(thread=OuterRef("thread"), sent_at__gt=OuterRef("sent_at"))
    return (
        Mail.objects.filter(
            ~Exists(later),
            direction=Mail.Direction.OUT,
            sent_at__lte=now - timedelta(days=days),
            sent_at__gte=now - FORGOTTEN_AFTER,
        )
        .select_related("account")
        .defer("raw", "text")
        .order_by("sent_at", "pk")
    )


def users_who_wait(*, now: datetime, days: int) -> QuerySet[AbstractBaseUser]:
    """Return active users who have one."""
    owners = unanswered(now=now, days=days).order_by().values("account__owner")
    return get_user_model().objects.filter(pk__in=owners, is_active=True)


def tell_of_unanswered(user: AbstractBaseUser, *, now: datetime, days: int) -> dict[str, int]:
    """Tell the user of each; returns {told, already, answered_elsewhere, no_person}."""
    counts = {"told": 0, "already": 0, "answered_elsewhere": 0, "no_person": 0}
    preference = Preference.of(user)
    for mail in unanswered(now=now, days=days).filter(account__owner=user.pk):
        people = _people(mail)
        key = f"{Signal.Kind.AWAITING_RESPONSE}:{hashlib.sha256(mail.identity.encode()).hexdigest()[:32]}"
        if not waits_too_long(mail.sent_at, now=now, days=days, forgotten_after=FORGOTTEN_AFTER) or not people:
            counts["no_person"] += 1
        elif was_told(user, key):
            counts["already"] += 1
        elif _was_answered_elsewhere(mail, people):
            counts["answered_elsewhere"] += 1
        else:
            waited = (now - mail.sent_at).days
            notice = awaiting_of(mail, days=waited, user=user, preference=preference)
            kind = Signal.Kind.AWAITING_RESPONSE
            counts["told"] += tell(user, notice, preference=preference, kind=kind, key=key, now=now, mail=mail)
    return counts


def _people(mail: Mail) -> set[str]:
    addressed = {str(each.get("address", "")).lower() for each in mail.recipients if each.get("kind") == "to"}
    return {each for each in addressed - {"", mail.account.address.lower()} if not is_a_machines(each)}


def _was_answered_elsewhere(mail: Mail, people: set[str]) -> bool:
    """Whether one of the people wrote later under the same subject, or naming this mail, in another thread."""
    later = Mail.objects.filter(
        account__owner=mail.account.owner_id,
        direction=Mail.Direction.IN,
        sent_at__gt=mail.sent_at,
        sender_address__in=people,
    )
    if mail.base_subject and later.filter(base_subject=mail.base_subject).exists():
        return True
    return bool(mail.message_id) and later.filter(in_reply_to=mail.message_id).exists()
