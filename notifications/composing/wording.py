"""What all notices share: the template per language, names, days and times as the reader writes them."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any, NamedTuple

from django.contrib.auth.base_user import AbstractBaseUser
from django.template.loader import render_to_string
from django.utils import dateformat, translation

from notifications.models import Preference

LONGEST_TITLE = 200
# Not Django's own formats: those follow what the admin pages are set to.
DAYS = {"en": "j F Y", "de": "j. F Y", "fr": "j F Y"}
WEEKDAYS = {"en": "l, j F Y", "de": "l, j. F Y", "fr": "l j F Y"}
TODAY = {"en": "today", "de": "heute", "fr": "aujourd'hui"}
LINES = re.compile(r"\n{3,}")


class Notice(NamedTuple):
    """What somebody is told, as plain text; page.py makes a page of it."""

    title: str
    body: str


def written(template: str, language: str, facts: dict[str, Any]) -> Notice:
    """Return the notice that the template in this language makes of the facts; its first line is the title."""
    with translation.override(language):
        text = render_to_string(f"notifications/{template}.{language}.txt", facts)
    title, _, body = text.strip().partition("\n")
    return Notice(short(title.strip()), LINES.sub("\n\n", body).strip())


def addressed(user: AbstractBaseUser, preference: Preference) -> dict[str, Any]:
    """Return how the reader is spoken to: facts that every template takes."""
    is_formal = preference.tone == Preference.Tone.FORMAL
    return {
        "name": name_of(user, formal=is_formal),
        "tone": preference.tone,
        "is_full": preference.detail == Preference.Detail.FULL,
    }


def name_of(user: AbstractBaseUser, *, formal: bool) -> str:
    """Return what the reader is called; empty when no name is known."""
    first, last = getattr(user, "first_name", ""), getattr(user, "last_name", "")
    return f"{first} {last}".strip() if formal else first or last


def day_of(day: date, language: str) -> str:
    """Return the day as the language writes it."""
    with translation.override(language):
        return dateformat.format(day, DAYS[language])


def weekday_of(day: date, language: str) -> str:
    """Return the day with its weekday."""
    with translation.override(language):
        return dateformat.format(day, WEEKDAYS[language])


def moment_of(moment: datetime, preference: Preference) -> str:
    """Return day and time in the reader's zone."""
    local = moment.astimezone(preference.zone)
    return f"{day_of(local, preference.language)}, {local:%H:%M} {local.tzname()}"


def clock_of(moment: datetime, preference: Preference) -> str:
    """Return the time of day in the reader's zone."""
    return f"{moment.astimezone(preference.zone):%H:%M}"


def one_line(text: str) -> str:
    """Return the text without line breaks, so that nothing in it looks like a part of ours."""
    return " ".join(text.split())


def short(title: str) -> str:
    """Return the title, cut where it is too long."""
    return title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1]}…"
