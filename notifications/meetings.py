"""Prepares users for meetings that start soon: once per event, and again when it was moved."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import QuerySet

from ingestion.models import CalendarEvent, Todo
from notifications.agenda import mail_with
from notifications.composing.meeting import meeting_of
from notifications.models import Preference, Signal
from notifications.telling import tell, was_told
from notifications.windows import is_about_to_start

FEW = 5
MAIL_OF = timedelta(days=14)


def events_ahead(*, now: datetime, look_ahead: timedelta) -> QuerySet[CalendarEvent]:
    """Return events that start within the look-ahead: no all-day ones, none cancelled, none of an archive."""
    timed = CalendarEvent.objects.filter(is_all_day=False, calendar__is_archive=False)
    return (
        timed.exclude(status=CalendarEvent.Status.CANCELLED)
        .filter(starts_at__gt=now, starts_at__lte=now + look_ahead)
        .order_by("starts_at", "pk")
    )


def users_with_events(*, now: datetime, look_ahead: timedelta) -> QuerySet[AbstractBaseUser]:
    """Return active users who have one."""
    owners = events_ahead(now=now, look_ahead=look_ahead).values("owner")
    return get_user_model().objects.filter(pk__in=owners, is_active=True)


def prepare(user: AbstractBaseUser, *, now: datetime, look_ahead: timedelta) -> dict[str, int]:
    """Tell the user of each event that starts soon; returns {told, already}."""
    counts = {"told": 0, "already": 0}
    preference = Preference.of(user)
    for event in events_ahead(now=now, look_ahead=look_ahead).filter(owner=user.pk):
        if not is_about_to_start(event.starts_at, now=now, look_ahead=look_ahead) or was_told(user, key_of(event)):
            counts["already"] += 1
            continue
        counts["told"] += _tell(event, user, preference, now)
    return counts


def key_of(event: CalendarEvent) -> str:
    """Return what the user is told of once: the occurrence at its time and place."""
    said = f"{event.uid}|{event.occurrence}|{event.starts_at.isoformat()}|{event.place}"
    return f"{Signal.Kind.MEETING_PREP}:{hashlib.sha256(said.encode()).hexdigest()[:32]}"


def _tell(event: CalendarEvent, user: AbstractBaseUser, preference: Preference, now: datetime) -> int:
    own = {address.lower() for address in user.mail_accounts.values_list("address", flat=True)}  # type: ignore[attr-defined]
    addresses = {str(each.get("address", "")).lower() for each in event.attendees} | {event.organizer_address}
    mails = list(mail_with(user, addresses - own - {""}, since=now - MAIL_OF)[:FEW])
    todos = Todo.objects.open().filter(owner=user.pk, thread__in=[mail.thread_id for mail in mails if mail.thread_id])
    notice = meeting_of(event, mails=mails, todos=list(todos[:FEW]), user=user, preference=preference)
    return int(
        tell(
            user,
            notice,
            preference=preference,
            kind=Signal.Kind.MEETING_PREP,
            key=key_of(event),
            now=now,
            importance=Signal.Importance.HIGH,
        )
    )
