"""What a user's day holds: events, things to do, mail that waits and facts; read-only."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Exists, OuterRef, Q, QuerySet

from ingestion.models import CalendarEvent, Fact, Mail, Todo
from notifications.models.delivery import MESSAGE_ID_PREFIX

FEW = 10


def events_between(user: AbstractBaseUser, first: datetime, last: datetime) -> QuerySet[CalendarEvent]:
    """Return the user's events that lie wholly or partly in [first, last), by start; none that was cancelled."""
    held = CalendarEvent.objects.filter(owner=user.pk, calendar__is_archive=False)
    return (
        held.exclude(status=CalendarEvent.Status.CANCELLED)
        .filter(starts_at__lt=last)
        .filter(Q(ends_at__gt=first) | Q(starts_at__gte=first))
        .order_by("starts_at", "pk")
    )


def todos_due_by(user: AbstractBaseUser, last: datetime) -> QuerySet[Todo]:
    """Return what the user still has to do by then, overdue or not, soonest first."""
    return Todo.objects.open().filter(owner=user.pk, due_at__lt=last).order_by("due_at", "pk")


def is_answered() -> Q:
    """Return whether the owner of a mail wrote in its thread later, or answered it elsewhere; for queries of mail."""
    later = Mail.objects.filter(
        thread=OuterRef("thread"), direction=Mail.Direction.OUT, sent_at__gt=OuterRef("sent_at")
    )
    return Q(answered=True) | Q(Exists(later))


def waiting_mail(user: AbstractBaseUser, *, since: datetime) -> QuerySet[Mail]:
    """Return important mail received since then that the user has not answered, latest first."""
    return (
        Mail.objects.filter(
            account__owner=user.pk,
            classification__importance="high",
            direction=Mail.Direction.IN,
            sent_at__gte=since,
        )
        .exclude(message_id__startswith=MESSAGE_ID_PREFIX)
        .filter(~is_answered())
        .select_related("classification")
        .defer("raw", "text")
        .order_by("-sent_at", "pk")
    )


def facts_of_note(user: AbstractBaseUser, *, now: datetime, recent: timedelta) -> QuerySet[Fact]:
    """Return what is most worth remembering of recent times, most relevant first."""
    return Fact.objects.filter(owner=user.pk, observed_at__gte=now - recent, relevance__gte=0.5).order_by(
        "-relevance", "pk"
    )


def mail_with(user: AbstractBaseUser, addresses: set[str], *, since: datetime) -> QuerySet[Mail]:
    """Return mail from these addresses since then, latest first."""
    own = Mail.objects.filter(account__owner=user.pk, sent_at__gte=since, sender_address__in=addresses)
    return own.select_related("classification").defer("raw", "text").order_by("-sent_at", "pk")
