"""Makes signals of one user's important mail, each with its deliveries in the same transaction, once per mail."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import datetime, timedelta

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Exists, F, OuterRef, QuerySet

from ingestion.models import Mail
from notifications import composing
from notifications.agenda import is_answered
from notifications.conf import conf
from notifications.models import Preference, Signal
from notifications.models.delivery import MESSAGE_ID_PREFIX
from notifications.rules import MailNews, worth_a_notice
from notifications.telling import tell, was_told


def unsignalled_mail(*, now: datetime) -> QuerySet[Mail]:
    """Return recent important mail, received, that its owner was not told of; the rules decide about each."""
    told = Signal.objects.filter(user=OuterRef("account__owner"), kind=Signal.Kind.IMPORTANT_MAIL, mail=OuterRef("pk"))
    return (
        Mail.objects.filter(
            classification__importance="high",
            direction=Mail.Direction.IN,
            sent_at__gte=now - timedelta(days=conf().recent_days),
        )
        .filter(~Exists(told))
        .annotate(is_answered=is_answered(), owner=F("account__owner"))
        .select_related("classification", "account")
        .defer("raw", "text")
    )


def signal_important_mail(user: AbstractBaseUser, *, now: datetime) -> Counter[str]:
    """Tell `user` of every mail that is worth it and return counts: signals made, and mails passed over by reason."""
    counts: Counter[str] = Counter()
    preference = Preference.of(user)
    for mail in unsignalled_mail(now=now).filter(account__owner=user.pk).order_by("sent_at", "pk"):
        decision = worth_a_notice(news_of(mail), now=now, recent=timedelta(days=conf().recent_days))
        if not decision.tell:
            counts[decision.reason] += 1
        elif _signal(mail, user=user, preference=preference, now=now):
            counts["signals"] += 1
    return counts


def news_of(mail: Mail) -> MailNews:
    """Return what the rules want to know of a mail that came from `unsignalled_mail`."""
    found = mail.classification
    return MailNews(
        importance=found.importance,
        is_received=mail.direction == Mail.Direction.IN,
        is_automated=found.is_automated,
        sent_at=mail.sent_at,
        deadline=found.deadline,
        is_security="security" in found.labels,
        is_answered=getattr(mail, "is_answered", False),
        is_seen=mail.seen,
        is_gone=mail.gone_at is not None,
        is_own_notice=mail.message_id.startswith(MESSAGE_ID_PREFIX),
    )


def key_of(mail: Mail) -> str:
    """Return what the owner is told of once: the same for copies of a mail in several accounts of theirs."""
    return f"{Signal.Kind.IMPORTANT_MAIL}:{hashlib.sha256(mail.identity.encode()).hexdigest()[:32]}"


def _signal(mail: Mail, *, user: AbstractBaseUser, preference: Preference, now: datetime) -> bool:
    key = key_of(mail)
    if was_told(user, key):
        return False
    notice = composing.important_mail(mail, mail.classification, user=user, preference=preference)
    return tell(
        user,
        notice,
        preference=preference,
        kind=Signal.Kind.IMPORTANT_MAIL,
        key=key,
        now=now,
        importance=Signal.Importance.HIGH,
        mail=mail,
        fallback=mail.account.address,
    )
