"""The daily briefing: once per user and local date, from what the day holds."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Q, QuerySet

from notifications.agenda import FEW, events_between, facts_of_note, todos_due_by, waiting_mail
from notifications.composing.briefing import Day, briefing_of
from notifications.models import Preference, Signal
from notifications.pacing import at_wall_clock
from notifications.telling import tell, was_told
from notifications.windows import ONE_DAY, briefing_day

MAIL_OF = timedelta(days=2)
FACTS_OF = timedelta(days=7)


def users_to_brief() -> QuerySet[AbstractBaseUser]:
    """Return active users with a mailbox or calendar who did not decline."""
    connected = Q(mail_accounts__is_active=True) | Q(calendars__is_active=True)
    declined = Preference.objects.filter(wants_briefing=False).values("user")
    return get_user_model().objects.filter(connected, is_active=True).exclude(pk__in=declined).distinct()


def brief(user: AbstractBaseUser, *, now: datetime, at_any_hour: bool = False) -> dict[str, int]:
    """Brief the user if it is 07:00 to 08:59 where they are, once per local date; returns {told} or {not_now}."""
    preference = Preference.of(user)
    day = now.astimezone(preference.zone).date() if at_any_hour else briefing_day(now, preference.zone)
    if day is None:
        return {"not_now": 1}
    key = f"{Signal.Kind.DAILY_BRIEFING}:{day.isoformat()}"
    if was_told(user, key):
        return {"already": 1}
    notice = briefing_of(_gathered(user, day, preference, now), user=user, preference=preference)
    told = tell(user, notice, preference=preference, kind=Signal.Kind.DAILY_BRIEFING, key=key, now=now)
    return {"told": int(told)}


def _gathered(user: AbstractBaseUser, day: date, preference: Preference, now: datetime) -> Day:
    first = at_wall_clock(day, time(), preference.zone)
    last = at_wall_clock(day + ONE_DAY, time(), preference.zone)
    return Day(
        day=day,
        events=list(events_between(user, first, last)[: 2 * FEW]),
        todos=list(todos_due_by(user, last)[:FEW]),
        mails=list(waiting_mail(user, since=now - MAIL_OF)[:FEW]),
        facts=list(facts_of_note(user, now=now, recent=FACTS_OF)[:3]),
    )
