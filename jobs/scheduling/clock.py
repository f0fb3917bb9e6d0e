"""When a rule fires next; pure. Daylight saving as Debian's cron treats it, day fields as Celery combines them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError


class RuleError(ValueError):
    """The rule can't be read, or names a time that never comes."""


def next_fire(rule: str, *, after: datetime, anchor: datetime) -> datetime | None:
    """Return the first fire time strictly after `after` (UTC); None when there is none.

    `anchor` is where the phase of an interval starts; all times aware.

    Raises: RuleError.
    """
    body, _, start = rule.partition(" from ")
    earliest = datetime.fromisoformat(start) - timedelta(microseconds=1) if start else after
    after = max(after, earliest)
    kind, _, text = body.partition(" ")
    match kind:
        case "cron":
            return _next_cron(text, after)
        case "every":
            return _next_interval(float(text), after, datetime.fromisoformat(start) if start else anchor)
        case "at":
            moment = datetime.fromisoformat(text)
            return moment if moment > after else None
        case _:
            return None


def next_fires(rule: str, *, after: datetime, anchor: datetime, count: int) -> list[datetime]:
    """Return the first `count` fire times strictly after `after`, or as many as there are.

    Raises: RuleError.
    """
    first = next_fire(rule, after=after, anchor=anchor)
    return [] if first is None else list(islice(_fires(rule, first, anchor), count))


def problem_of(rule: str, *, now: datetime) -> str | None:
    """Return what is wrong with a rule that would never fire or can't be read, in words; None when it is sound."""
    try:
        never = next_fire(rule, after=now, anchor=now) is None
    except RuleError as error:
        return str(error)
    return "this time never comes" if never else None


def fires_between(rule: str, *, first: datetime, until: datetime, anchor: datetime) -> Iterator[datetime]:
    """Yield the planned `first` fire time and those after it up to and including `until`."""
    return takewhile(lambda fire: fire <= until, _fires(rule, first, anchor))


def _fires(rule: str, first: datetime, anchor: datetime) -> Iterator[datetime]:
    fire: datetime | None = first
    while fire is not None:
        yield fire
        fire = next_fire(rule, after=fire, anchor=anchor)


def _next_cron(text: str, after: datetime) -> datetime | None:
    expression, _, zone = text.partition(" @")
    try:
        times = CronSim(expression, after.astimezone(ZoneInfo(zone or "UTC")))
    except (CronSimError, KeyError, ValueError) as error:
        raise RuleError(f"{expression!r} in {zone or 'UTC'}: {error}") from error
    # Celery fires where day of month AND day of week match; cronsim, like Vixie cron, would take OR.
    times.day_and = True
    try:
        return next(times).astimezone(UTC)
    except StopIteration:
        return None


def _next_interval(seconds: float, after: datetime, anchor: datetime) -> datetime:
    period = timedelta(seconds=seconds)
    return anchor + period * max(1, (after - anchor) // period + 1) if after >= anchor else anchor
