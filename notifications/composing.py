"""Writes a notice from facts: a template per language says it, names, dates and sentences come from the mail alone."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from django.contrib.auth.base_user import AbstractBaseUser
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.formats import date_format

from ingestion.models import Classification, Mail
from notifications.models import Preference

LONGEST_TITLE = 200
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
                "sent": _moment(mail.sent_at, preference.zone),
                "deadline": _deadline(classification, preference.zone),
                "summary": _one_line(classification.summary),
                "action_items": [_one_line(str(item)) for item in classification.action_items],
            },
        )
    title, _, body = text.strip().partition("\n")
    return _short(title.strip()), LINES.sub("\n\n", body).strip()


def _name(user: AbstractBaseUser, *, formal: bool) -> str:
    first, last = getattr(user, "first_name", ""), getattr(user, "last_name", "")
    return f"{first} {last}".strip() if formal else first or last


def _deadline(classification: Classification, zone: ZoneInfo) -> str:
    if classification.deadline is None:
        return ""
    if classification.deadline_is_day:
        return date_format(classification.deadline.date(), "DATE_FORMAT")
    return _moment(classification.deadline, zone)


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{date_format(local, 'DATETIME_FORMAT')} {local.tzname()}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _short(title: str) -> str:
    return title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1]}…"
