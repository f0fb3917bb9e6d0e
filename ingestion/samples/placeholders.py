"""Fills dates into the sample's texts: {{+5 de}} is the day five days after the base date, in German words."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
}
PLACEHOLDER = re.compile(r"\{\{([+-]\d+) ([a-z.]+)\}\}")


def _month(day: date, language: str) -> str:
    return MONTHS[language].split()[day.month - 1]


FORMS: dict[str, Callable[[date], str]] = {
    "en": lambda day: f"{day.day} {_month(day, 'en')} {day.year}",
    "en.us": lambda day: f"{_month(day, 'en')} {day.day}, {day.year}",
    "de": lambda day: f"{day.day}. {_month(day, 'de')} {day.year}",
    "de.num": lambda day: f"{day:%d.%m.%Y}",
    "fr": lambda day: f"{'1er' if day.day == 1 else day.day} {_month(day, 'fr')} {day.year}",
    "fr.num": lambda day: f"{day:%d/%m/%Y}",
    "iso": lambda day: f"{day:%Y-%m-%d}",
}


def fill_dates(text: str, *, now: datetime) -> str:
    """Return `text` with every date placeholder replaced."""
    today = now.astimezone(UTC).date()
    return PLACEHOLDER.sub(lambda found: FORMS[found[2]](today + timedelta(days=int(found[1]))), text)
