"""Cron's five fields as Celery reads them, and the next time a wall clock shows them; pure.

Daylight saving as Debian's cron treats it (cron(8), "Notes"): a time of day that the clock leaps over comes right
after the leap, one that it shows twice comes once; what a star in minute or hour makes finer follows elapsed time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from jobs.errors import RuleError

MINUTE = timedelta(minutes=1)
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


@dataclass(frozen=True, slots=True)
class _Field:
    """One field's name, its range, and the words for its numbers."""

    name: str
    least: int
    most: int
    words: tuple[str, ...] = ()

    def read(self, text: str) -> frozenset[int]:
        return frozenset(number for part in text.split(",") for number in self._part(part))

    def _part(self, part: str) -> list[int]:
        span, slash, step = part.partition("/")
        if slash and not (step.isdecimal() and int(step) > 0):
            raise RuleError(f"{self.name}: {part!r} has no step that can be read")
        return self._span(span, is_open=bool(slash))[:: int(step) if slash else 1]

    def _span(self, span: str, *, is_open: bool) -> list[int]:
        if span == "*":
            return list(range(self.least, self.most + 1))
        first, dash, last = span.partition("-")
        start = self._number(first)
        end = self._number(last) if dash else self.most if is_open else start
        if end >= start:
            return list(range(start, end + 1))
        return [*range(start, self.most + 1), *range(self.least, end + 1)]

    def _number(self, text: str) -> int:
        if text[:3].lower() in self.words and text.isalpha():
            return self.words.index(text[:3].lower()) + self.least
        if self.words is _WEEKDAYS and text == "7":
            return 0
        if not text.isdecimal() or not self.least <= int(text) <= self.most:
            raise RuleError(f"{self.name}: {text!r} is not from {self.least} to {self.most}")
        return int(text)


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of week", 0, 6, _WEEKDAYS),
)


@dataclass(frozen=True, slots=True)
class Cron:
    """The five fields as numbers, and the times of day they mean; both days must match, of month and of week."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    follows_elapsed: bool
    times: tuple[time, ...]

    def next_after(self, after: datetime, zone: ZoneInfo) -> datetime:
        """Return the first time strictly after `after` (UTC) at which the zone's clock shows the rule."""
        return self._next_elapsed(after, zone) if self.follows_elapsed else self._next_of_the_day(after, zone)

    def _next_of_the_day(self, after: datetime, zone: ZoneInfo) -> datetime:
        for day in self._dates(after.astimezone(zone).date()):
            for moment in self.times:
                fire = first_shown(datetime.combine(day, moment), zone)
                if fire > after:
                    return fire
        raise AssertionError("dates have no end")

    def _next_elapsed(self, after: datetime, zone: ZoneInfo) -> datetime:
        moment = after.replace(second=0, microsecond=0) + MINUTE
        while True:
            local = moment.astimezone(zone)
            if not self._has(local.date()):
                moment = self._day_after(moment, local, zone)
            elif local.hour not in self.hours:
                moment = _forward(moment, 60 - local.minute, zone)
            elif local.minute not in self.minutes:
                wanted = min((minute for minute in self.minutes if minute > local.minute), default=60)
                moment = _forward(moment, wanted - local.minute, zone)
            else:
                return moment

    def _day_after(self, moment: datetime, local: datetime, zone: ZoneInfo) -> datetime:
        # A clock set back just after midnight (St. John's until 2011) shows the day before once more.
        if local.hour < 3:
            return _forward(moment, 60 - local.minute, zone)
        following = next(self._dates(local.date() + timedelta(days=1)))
        return max(first_shown(datetime.combine(following, time()), zone), moment + MINUTE)

    def _dates(self, start: date) -> Iterator[date]:
        day = start
        while True:
            if day.month not in self.months:
                day = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
                continue
            if self._has(day):
                yield day
            day += timedelta(days=1)

    def _has(self, day: date) -> bool:
        return day.day in self.days and day.month in self.months and day.isoweekday() % 7 in self.weekdays


@lru_cache(maxsize=10_000)
def read_cron(expression: str) -> Cron:
    """Return the rule that the five fields say.

    Raises: RuleError when they can't be read or name a date that never comes.
    """
    texts = expression.split()
    if len(texts) != len(_FIELDS):
        raise RuleError(f"a crontab has five fields, not {len(texts)}: {expression!r}")
    minutes, hours, days, months, weekdays = (field.read(text) for field, text in zip(_FIELDS, texts, strict=True))
    if all(min(days) > _LONGEST[month - 1] for month in months):
        names = ", ".join(_MONTHS[month - 1].title() for month in sorted(months))
        raise RuleError(f"day of month: {min(days)} never comes in {names}")
    follows_elapsed = texts[0].startswith("*") or texts[1].startswith("*")
    times = tuple(time(hour, minute) for hour in sorted(hours) for minute in sorted(minutes))
    return Cron(minutes, hours, days, months, weekdays, follows_elapsed, times)


def first_shown(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return when (UTC) the zone's clock first shows the naive time `wall`, or leaps over it."""
    moment = wall.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    before, after = (wall.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    assert before is not None
    assert after is not None
    # Within a leap the two readings lie on either side of it, a leap's length apart.
    early, late = moment - (after - before), moment
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) // 2
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)


def _forward(moment: datetime, minutes: int, zone: ZoneInfo) -> datetime:
    """Return the moment so many minutes on; one minute on where the clock is changed in between."""
    later = moment + minutes * MINUTE
    changed = later.astimezone(zone).utcoffset() != moment.astimezone(zone).utcoffset()
    return moment + MINUTE if changed else later
