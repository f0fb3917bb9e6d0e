"""Reminds users of deadlines in their mail as they near: 3 days, a day and 3 hours before, each once."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Max, Q, QuerySet

from ingestion.models import Mail
from notifications.agenda import is_answered
from notifications.composing.reminders import deadline_reminder_of
from notifications.models import Preference, Signal
from notifications.models.delivery import MESSAGE_ID_PREFIX
from notifications.signalling import key_of
from notifications.telling import tell, was_told
from notifications.windows import STAGES, deadline_stage, end_of_due, has_cooled_down

WIDEST = timedelta(hours=38)


def mail_with_deadlines(*, now: datetime) -> QuerySet[Mail]:
    """Return received mail whose deadline nears and that its owner has not answered."""
    nearing = Q(classification__deadline__gt=now - WIDEST, classification__deadline__lte=now + max(STAGES))
    return (
        Mail.objects.filter(nearing, ~is_answered(), direction=Mail.Direction.IN)
        .exclude(classification__importance="low")
        .exclude(message_id__startswith=MESSAGE_ID_PREFIX)
        .select_related("classification", "account")
        .defer("raw", "text")
    )


def remind_of_deadlines(user: AbstractBaseUser, *, now: datetime) -> Counter[str]:
    """Tell the user of each deadline that has come to its next stage, unless told of that mail a short while ago."""
    counts: Counter[str] = Counter()
    preference = Preference.of(user)
    for mail in mail_with_deadlines(now=now).filter(account__owner=user.pk).order_by("classification__deadline", "pk"):
        found = mail.classification
        assert found.deadline is not None
        ends = end_of_due(found.deadline, is_day=found.deadline_is_day, zone=preference.zone)
        stage = deadline_stage(ends, now=now)
        key = f"{Signal.Kind.DEADLINE}:{stage}:{key_of(mail)}"
        if stage is None or was_told(user, key):
            continue
        if not has_cooled_down(_last_told(user, mail), now=now):
            counts["cooling_down"] += 1
            continue
        notice = deadline_reminder_of(mail, user=user, preference=preference)
        counts["reminders"] += tell(
            user,
            notice,
            preference=preference,
            kind=Signal.Kind.DEADLINE,
            key=key,
            now=now,
            mail=mail,
            fallback=mail.account.address,
        )
    return counts


def _last_told(user: AbstractBaseUser, mail: Mail) -> datetime | None:
    told = Signal.objects.filter(user_id=user.pk, key__endswith=key_of(mail))
    last: datetime | None = told.aggregate(last=Max("created_at"))["last"]
    return last
