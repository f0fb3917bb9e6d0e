"""Writes a notice from facts: a template per language says it, names, dates and sentences come from the mail alone."""

from __future__ import annotations

import re
from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.template.loader import render_to_string
from django.utils import dateformat, translation

from ingestion.models import Classification, Mail
from notifications.models import Preference

LONGEST_TITLE = 200
# Not Django's own formats: those follow what the admin pages are set to.
DAYS = {"en": "j F Y", "de": "j. F Y", "fr": "j F Y"}
LINES = re.compile(r"\n{3,}")


def important_mail(
    mail: Mail, classification: Classification, *, user: AbstractBaseUser, preference: Preference
) -> tuple[str, str]:
    """Return title and body of the notice of an important mail, in the user's language, tone and detail."""
    with translation.override(preference.language):
        text = render_to_string(
            f"notifications/important_mail.{preference.language}.txt",
            {
                "name": _name(user, formal=preference.tone == Preference.Tone.FORMAL),
                "tone": preference.tone,
                "is_full": preference.detail == Preference.Detail.FULL,
                "subject": _one_line(mail.subject),
                "sender": _one_line(mail.sender_name or mail.sender_address),
                "sender_address": mail.sender_address,
                "sent": _moment(mail.sent_at, preference),
                "deadline": _deadline(classification, preference),
                "summary": _one_line(classification.summary),
                "action_items": [_one_line(str(item)) for item in classification.action_items],
            },
        )
    title, _, body = text.strip().partition("\n")
    return _short(title.strip()), LINES.sub("\n\n", body).strip()


def _name(user: AbstractBaseUser, *, formal: bool) -> str:
    first, last = getattr(user, "first_name", ""), getattr(user, "last_name", "")
    return f"{first} {last}".strip() if formal else first or last


def _deadline(classification: Classification, preference: Preference) -> str:
    if classification.deadline is None:
        return ""
    if classification.deadline_is_day:
        return _day(classification.deadline, preference)
    return _moment(classification.deadline, preference)


def _day(day: datetime, preference: Preference) -> str:
    return dateformat.format(day, DAYS[preference.language])


def _moment(moment: datetime, preference: Preference) -> str:
    local = moment.astimezone(preference.zone)
    return f"{_day(local, preference)}, {local:%H:%M} {local.tzname()}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _short(title: str) -> str:
    return title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1]}…"
