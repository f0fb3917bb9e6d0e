"""What helps before a meeting: who comes, what they wrote lately, what is to be done."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.base_user import AbstractBaseUser

from ingestion.models import CalendarEvent, Mail, Todo
from notifications.composing.entries import NO_TITLE, mail_line, todo_line
from notifications.composing.wording import Notice, addressed, clock_of, one_line, written
from notifications.models import Preference

ANSWERS = {
    "en": {"accepted": "accepted", "declined": "declined", "tentative": "tentative"},
    "de": {"accepted": "zugesagt", "declined": "abgesagt", "tentative": "mit Vorbehalt"},
    "fr": {"accepted": "accepté", "declined": "refusé", "tentative": "provisoire"},
}


def meeting_of(
    event: CalendarEvent,
    *,
    mails: Sequence[Mail],
    todos: Sequence[Todo],
    user: AbstractBaseUser,
    preference: Preference,
) -> Notice:
    """Return the notice before an event."""
    language = preference.language
    facts = {
        **addressed(user, preference),
        "title": one_line(event.title) or NO_TITLE[language],
        "starts": clock_of(event.starts_at, preference),
        "ends": clock_of(event.ends_at, preference),
        "place": one_line(event.place),
        "people": [_person(each, language) for each in event.attendees],
        "about": one_line(event.description)[:500],
        "mails": [mail_line(mail, preference) for mail in mails],
        "todos": [todo_line(todo, preference) for todo in todos],
    }
    return written("meeting_prep", language, facts)


def _person(attendee: dict[str, str], language: str) -> str:
    who = one_line(attendee.get("name") or attendee.get("address") or "")
    answer = ANSWERS[language].get(attendee.get("answer", ""), "")
    return f"{who} ({answer})" if answer else who
