"""Tells a user something, once per key: the signal and its deliveries in one transaction."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from ingestion.models import Mail
from jobs.context import active_run
from notifications.addressing import places_of
from notifications.composing import Notice
from notifications.models import Delivery, Preference, Signal
from notifications.rewording import worded

High, Normal = Signal.Importance.HIGH, Signal.Importance.NORMAL


def was_told(user: AbstractBaseUser, key: str) -> bool:
    """Return whether the user has been told this already."""
    return Signal.objects.filter(user_id=user.pk, key=key).exists()


def tell(  # noqa: PLR0913 - one column each
    user: AbstractBaseUser,
    notice: Notice,
    *,
    preference: Preference,
    kind: Signal.Kind,
    key: str,
    now: datetime,
    importance: Signal.Importance = Normal,
    mail: Mail | None = None,
    fallback: str = "",
) -> bool:
    """Put the notice into the user's inbox and on its way to the places they chose; False when they knew already.

    `preference` is theirs, `fallback` an e-mail address of last resort. The model may choose other words for it.
    """
    if was_told(user, key):
        return False
    run = active_run()
    said = worded(notice, kind=kind, user=user, preference=preference)
    with transaction.atomic():
        signal, created = Signal.objects.get_or_create(
            user_id=user.pk,
            key=key,
            defaults={
                "kind": kind,
                "title": said.notice.title,
                "body": said.notice.body,
                "worded_by": said.model,
                "wording_note": said.note,
                "importance": importance,
                "mail": mail,
                "run_id": run.id if run else None,
            },
        )
        if created:
            _plan_deliveries(signal, user=user, preference=preference, fallback=fallback, now=now)
    return created


def _plan_deliveries(
    signal: Signal, *, user: AbstractBaseUser, preference: Preference, fallback: str, now: datetime
) -> None:
    Delivery.objects.bulk_create(
        [
            Delivery(
                signal=signal,
                user_id=signal.user_id,
                channel=place.channel,
                address=place.address,
                target=place.target,
                language=preference.language,
                key=f"{place.name}:{signal.user_id}:{signal.key}",
                next_attempt_at=now,
            )
            for place in places_of(user, preference, fallback=fallback)
        ]
    )
