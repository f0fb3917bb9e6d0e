"""Finds by when something is expected: a cue such as "by" or "bis", a date behind it, its value by dateparser."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import islice

from ingestion.llm.rules.languages import Vocabulary

MOST_CANDIDATES = 50
FURTHEST = timedelta(days=730)
ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
CLOCK = (
    r"(?:,?\s+(?:at|um|à|gegen|by)?\s*(?P<hour>[01]?\d|2[0-3])"
    r"(?:(?::|\.|\s?h\s?)(?P<minute>[0-5]\d))?\s*(?P<half>[ap]\.?m\.?|uhr|h\b|o'clock)?)?"
)
NUMBER = re.compile(r"\d+")
WEEKS = re.compile(r"week|woche|semaine", re.IGNORECASE)
FRIDAY = 4


@dataclass(frozen=True)
class Found:
    """A deadline and the sentence it stands in."""

    when: date | datetime
    sentence: str

    @property
    def day(self) -> date:
        """The calendar day."""
        return self.when.date() if isinstance(self.when, datetime) else self.when


def find_deadline(
    sentences: Iterable[str], language: Vocabulary, *, sent_at: datetime, requests: Iterable[str] = ()
) -> Found | None:
    """Return the earliest deadline not before the day of `sent_at`, in whose zone times without one are meant.

    In `requests`, sentences that ask for something, the words for today and tomorrow count without a cue.
    """
    asking = set(requests)
    matches = (
        (match, sentence)
        for sentence in sentences
        for pattern in _patterns(language, asking=sentence in asking)
        for match in pattern.finditer(sentence)
    )
    found = [
        deadline
        for match, sentence in islice(matches, MOST_CANDIDATES)
        if (deadline := _value(match, sentence, language, sent_at=sent_at))
    ]
    return min(found, key=lambda deadline: deadline.day, default=None)


@cache
def _patterns(language: Vocabulary, *, asking: bool) -> list[re.Pattern[str]]:
    months, weekdays = language.months, language.weekdays
    numbers = r"\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./](?:\d{4}|\d{2})?(?!\d)"
    day_month = rf"\d{{1,2}}(?:\.|st|nd|rd|th|er)?\s+(?:of\s+)?(?:{months})\b\.?(?:,?\s+\d{{4}})?"
    month_day = rf"(?:{months})\.?\s+\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s+\d{{4}})?\b"
    in_words = rf"(?:{weekdays})\b|{language.same_day}|{language.week_end}|{language.month_end}|{language.ahead}"
    weekday_first = rf"(?:(?:{weekdays}),?\s+(?:the\s+|den\s+|dem\s+|le\s+)?)?"
    day = rf"(?P<day>{weekday_first}(?:{numbers}|{day_month}|{month_day})|{in_words})"
    filler = (
        r"(?:the\s+|on\s+|next\s+|this\s+|le\s+|au\s+|dem\s+|den\s+|am\s+|nächsten\s+|kommenden\s+|diesen\s+|ce\s+)?"
    )
    texts = [rf"(?<!\w)(?:{language.due})\s+{filler}{day}{CLOCK}", rf"(?<!\w)(?P<day>{language.ahead})(?!\w)"]
    texts.append(rf"(?<!\w){day},?\s+(?:{language.due_after})(?!\w)")
    if asking:
        texts.append(rf"(?<!\w)(?P<day>{language.same_day}|{language.this_week})(?!\w){CLOCK}")
    return [re.compile(text, re.IGNORECASE) for text in texts]


def _value(match: re.Match[str], sentence: str, language: Vocabulary, *, sent_at: datetime) -> Found | None:
    if _ends_a_range(match, sentence, language):
        return None
    day = _day(match["day"], language, sent_on=sent_at.date())
    if day is None or not sent_at.date() <= day <= sent_at.date() + FURTHEST:
        return None
    clock = _clock(match)
    return Found(day if clock is None else datetime.combine(day, clock, sent_at.tzinfo), sentence)


def _ends_a_range(match: re.Match[str], sentence: str, language: Vocabulary) -> bool:
    """Whether a beginning stands before it: "Montag bis Freitag", "vom 3. bis 5. Mai"."""
    before = sentence[max(0, match.start() - 40) : match.start()]
    beginning = rf"(?:(?:{language.weekdays})|(?<!\w)\d{{1,2}}\.|\bdu \d{{1,2}})\s+$"
    return re.search(beginning, before, re.IGNORECASE) is not None


def _day(text: str, language: Vocabulary, *, sent_on: date) -> date | None:
    if iso := ISO.search(text):
        return _iso(iso[0])
    if re.fullmatch(f"{language.week_end}|{language.this_week}", text, re.IGNORECASE):
        return sent_on + timedelta(days=(FRIDAY - sent_on.weekday()) % 7)
    if re.fullmatch(language.month_end, text, re.IGNORECASE):
        return sent_on.replace(day=calendar.monthrange(sent_on.year, sent_on.month)[1])
    if re.fullmatch(language.ahead, text, re.IGNORECASE):
        return sent_on + _ahead(text)
    return _parsed(text, language, sent_on=sent_on)


def _ahead(text: str) -> timedelta:
    count = int(NUMBER.findall(text)[0])
    return timedelta(weeks=count) if WEEKS.search(text) else timedelta(days=count)


def _iso(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _parsed(text: str, language: Vocabulary, *, sent_on: date) -> date | None:
    import dateparser

    value = dateparser.parse(
        text,
        languages=[language.code],
        settings={
            "DATE_ORDER": "DMY",
            "PREFER_DATES_FROM": "future",
            "RELATIVE_BASE": datetime.combine(sent_on, time.min),
            "RETURN_AS_TIMEZONE_AWARE": False,
        },
    )
    if value is None:
        return None
    is_weekday = re.fullmatch(language.weekdays, text, re.IGNORECASE)
    return value.date() + timedelta(days=7 if is_weekday and value.date() <= sent_on else 0)


def _clock(match: re.Match[str]) -> time | None:
    groups = match.groupdict()
    # A bare number behind a date is not a time of day: "by 5 May 12 copies".
    if not groups.get("hour") or not (groups["minute"] or groups["half"]):
        return None
    hour, half = int(groups["hour"]), (groups["half"] or "").lower().replace(".", "")
    if half == "pm" and hour < 12:
        hour += 12
    elif half == "am" and hour == 12:
        hour = 0
    return time(hour, int(groups["minute"] or 0))
