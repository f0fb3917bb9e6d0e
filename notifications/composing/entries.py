"""One line each for events, things to do and mails, as every notice writes them."""

from __future__ import annotations

from datetime import date

from ingestion.models import CalendarEvent, Mail, Todo
from notifications.composing.wording import clock_of, day_of, moment_of, one_line
from notifications.models import Preference

NO_TITLE = {"en": "(no title)", "de": "(ohne Titel)", "fr": "(sans titre)"}
ALL_DAY = {"en": "all day", "de": "ganztägig", "fr": "toute la journée"}
BY = {"en": "by", "de": "bis", "fr": "pour le"}
COLON = {"en": ":", "de": ":", "fr": " :"}


def event_line(event: CalendarEvent, preference: Preference, *, day: date) -> str:
    """Return when, what and where; an event that began on another day bears its date."""
    language = preference.language
    title = one_line(event.title) or NO_TITLE[language]
    place = f" ({one_line(event.place)})" if event.place.strip() else ""
    return f"{_when(event, preference, day)} {title}{place}"


def todo_line(todo: Todo, preference: Preference) -> str:
    """Return what is to be done and by when."""
    text = one_line(todo.text)
    return f"{text} ({BY[preference.language]} {due_of(todo, preference)})" if todo.due_at else text


def due_of(todo: Todo, preference: Preference) -> str:
    """Return by when: a day is the same day everywhere, a time is told in the reader's zone."""
    if todo.due_at is None:
        return ""
    return day_of(todo.due_at, preference.language) if todo.due_is_day else moment_of(todo.due_at, preference)


def mail_line(mail: Mail, preference: Preference) -> str:
    """Return who wrote and what about."""
    sender = one_line(mail.sender_name or mail.sender_address)
    return f"{sender}{COLON[preference.language]} {one_line(mail.subject)}" if mail.subject.strip() else sender


def _when(event: CalendarEvent, preference: Preference, day: date) -> str:
    if event.is_all_day:
        return f"{ALL_DAY[preference.language]}{COLON[preference.language]}"
    started = event.starts_at.astimezone(preference.zone)
    before = "" if started.date() == day else f"{day_of(started, preference.language)}, "
    return f"{before}{clock_of(event.starts_at, preference)}-{clock_of(event.ends_at, preference)}"
