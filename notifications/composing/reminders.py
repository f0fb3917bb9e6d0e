"""Short reminders: a to-do that falls due, a deadline that nears, a mail that nobody answered."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser

from ingestion.models import Mail, Todo
from notifications.composing.entries import due_of
from notifications.composing.mail import deadline_of
from notifications.composing.wording import Notice, addressed, moment_of, one_line, written
from notifications.models import Preference


def commitment_of(todo: Todo, *, user: AbstractBaseUser, preference: Preference) -> Notice:
    """Return the reminder of something to do, the user's own promise or what they were asked for."""
    facts = {
        **addressed(user, preference),
        "text": one_line(todo.text),
        "due": due_of(todo, preference),
        "is_promise": todo.is_promise,
        "subject": one_line(todo.thread.subject) if todo.thread else "",
    }
    return written("commitment", preference.language, facts)


def deadline_reminder_of(mail: Mail, *, user: AbstractBaseUser, preference: Preference) -> Notice:
    """Return the reminder that a mail's deadline nears."""
    facts = {
        **addressed(user, preference),
        "subject": one_line(mail.subject),
        "sender": one_line(mail.sender_name or mail.sender_address),
        "deadline": deadline_of(mail.classification, preference),
        "summary": one_line(mail.classification.summary),
    }
    return written("deadline", preference.language, facts)


def awaiting_of(mail: Mail, *, days: int, user: AbstractBaseUser, preference: Preference) -> Notice:
    """Return the notice that nobody answered a mail of the user's."""
    names = [one_line(each.get("name") or each.get("address") or "") for each in mail.recipients]
    facts = {
        **addressed(user, preference),
        "subject": one_line(mail.subject),
        "people": ", ".join(name for name in names if name),
        "sent": moment_of(mail.sent_at, preference),
        "days": days,
    }
    return written("awaiting_response", preference.language, facts)
