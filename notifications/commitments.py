"""Reminds users of what they have to do within a day: once per to-do and due time."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import QuerySet

from ingestion.models import Todo
from notifications.composing.reminders import commitment_of
from notifications.models import Preference, Signal
from notifications.telling import tell, was_told
from notifications.windows import end_of_due, is_due_within

WITHIN = timedelta(hours=24)
# A day kept as noon UTC ends up to 26 hours later in the westernmost zone.
WIDEST = timedelta(hours=38)


def todos_ahead(*, now: datetime) -> QuerySet[Todo]:
    """Return open to-dos that may fall due within a day somewhere on earth."""
    return Todo.objects.open().filter(due_at__gt=now - WIDEST, due_at__lte=now + WITHIN)


def users_with_todos(*, now: datetime) -> QuerySet[AbstractBaseUser]:
    """Return active users who have one."""
    return get_user_model().objects.filter(pk__in=todos_ahead(now=now).values("owner"), is_active=True)


def remind(user: AbstractBaseUser, *, now: datetime) -> dict[str, int]:
    """Tell the user of each to-do due within a day where they are; returns {told, not_now, already}."""
    counts = {"told": 0, "not_now": 0, "already": 0}
    preference = Preference.of(user)
    for todo in todos_ahead(now=now).filter(owner=user.pk).select_related("thread").order_by("due_at", "pk"):
        assert todo.due_at is not None
        ends = end_of_due(todo.due_at, is_day=todo.due_is_day, zone=preference.zone)
        key = f"{Signal.Kind.COMMITMENT}:{todo.digest[:64]}:{todo.due_at:%Y%m%dT%H%M}"
        if not is_due_within(ends, now=now, within=WITHIN):
            counts["not_now"] += 1
        elif was_told(user, key):
            counts["already"] += 1
        else:
            notice = commitment_of(todo, user=user, preference=preference)
            kind = Signal.Kind.COMMITMENT
            counts["told"] += tell(user, notice, preference=preference, kind=kind, key=key, now=now, mail=todo.mail)
    return counts
