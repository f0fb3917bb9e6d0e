"""The notice of an important mail: a template says it, names, dates and sentences come from the mail alone."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser

from ingestion.models import Classification, Mail
from notifications.composing.wording import Notice, addressed, day_of, moment_of, one_line, written
from notifications.models import Preference


def important_mail(
    mail: Mail, classification: Classification, *, user: AbstractBaseUser, preference: Preference
) -> Notice:
    """Return the notice of an important mail, in the user's language, tone and detail."""
    facts = {
        **addressed(user, preference),
        "subject": one_line(mail.subject),
        "sender": one_line(mail.sender_name or mail.sender_address),
        "sender_address": mail.sender_address,
        "sent": moment_of(mail.sent_at, preference),
        "deadline": deadline_of(classification, preference),
        "summary": one_line(classification.summary),
        "action_items": [one_line(str(item)) for item in classification.action_items],
    }
    return written("important_mail", preference.language, facts)


def deadline_of(classification: Classification, preference: Preference) -> str:
    """Return by when something is expected: a day is the same day everywhere, a time is told in the reader's zone."""
    if classification.deadline is None:
        return ""
    if classification.deadline_is_day:
        return day_of(classification.deadline, preference.language)
    return moment_of(classification.deadline, preference)
