"""The morning's briefing: what the day holds, what is due, what waits; every line comes from a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from django.contrib.auth.base_user import AbstractBaseUser

from ingestion.models import CalendarEvent, Fact, Mail, Todo
from notifications.composing.entries import event_line, mail_line, todo_line
from notifications.composing.wording import Notice, addressed, one_line, weekday_of, written
from notifications.models import Preference


@dataclass(frozen=True, kw_only=True)
class Day:
    """What a day holds for one user."""

    day: date
    events: Sequence[CalendarEvent] = field(default_factory=list)
    todos: Sequence[Todo] = field(default_factory=list)
    mails: Sequence[Mail] = field(default_factory=list)
    facts: Sequence[Fact] = field(default_factory=list)


def briefing_of(found: Day, *, user: AbstractBaseUser, preference: Preference) -> Notice:
    """Return the briefing in the user's language, tone and detail; facts only where they want it full."""
    facts = {
        **addressed(user, preference),
        "day": weekday_of(found.day, preference.language),
        "events": [event_line(event, preference, day=found.day) for event in found.events],
        "todos": [todo_line(todo, preference) for todo in found.todos],
        "mails": [mail_line(mail, preference) for mail in found.mails],
        "notes": [one_line(fact.text) for fact in found.facts],
    }
    return written("daily_briefing", preference.language, facts)
