"""When a rule fires next, and which of its fire times are due; pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from jobs.errors import RuleError
from jobs.scheduling.cron import read_cron
from jobs.scheduling.sun import next_event

MOST_COUNTED = 1000
MOST_LISTED = 1000
LEAST_PERIOD = timedelta(milliseconds=100)
_SHORTEST = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Earlier:
    """Due fire times that nobody needs one by one: the first, the last, how many; at least so many if not exact."""

    first: datetime
    last: datetime
    count: int
    is_exact: bool = True


@dataclass(frozen=True, slots=True)
class Due:
    """The fire times that are due, each listed but for those summed up, and the one that follows them."""

    listed: list[datetime]
    following: datetime | None
    earlier: Earlier | None = None


def next_fire(rule: str, *, after: datetime, anchor: datetime) -> datetime | None:
    """Return the first fire time strictly after `after` (UTC); None when there is none.

    `anchor` is where the phase of an interval starts; all times aware.

    Raises: RuleError.
    """
    body, _, start = rule.partition(" from ")
    if start:
        after = max(after, datetime.fromisoformat(start) - _SHORTEST)
    kind, _, text = body.partition(" ")
    match kind:
        case "cron":
            expression, _, zone = text.partition(" @")
            return read_cron(expression).next_after(after.astimezone(UTC), _zone(zone))
        case "every":
            return _next_interval(_period(text), after, datetime.fromisoformat(start) if start else anchor)
        case "at":
            moment = datetime.fromisoformat(text)
            return moment if moment > after else None
        case "solar":
            event, latitude, longitude = text.split()
            return next_event(event, latitude=float(latitude), longitude=float(longitude), after=after)
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


def latest_fire(rule: str, *, until: datetime, since: datetime, anchor: datetime) -> datetime | None:
    """Return the last fire time from `since` up to and including `until`; None when there is none.

    Raises: RuleError.
    """
    first = next_fire(rule, after=since - _SHORTEST, anchor=anchor)
    fires = () if first is None else fires_between(rule, first=first, until=until, anchor=anchor)
    return next(iter(deque(fires, maxlen=1)), None)


def due_fires(rule: str, *, first: datetime, until: datetime, since: datetime, anchor: datetime) -> Due:
    """Return the fire times from the planned `first` up to `until`: summed up before `since`, then listed.

    At most MOST_LISTED are listed: where there are so many, the one that follows may be due as well.

    Raises: RuleError.
    """
    if first >= since:
        return Due(*_listed(rule, first, until, anchor))
    following = next_fire(rule, after=since - _SHORTEST, anchor=anchor)
    return Due(*_listed(rule, following, until, anchor), _summed_up(rule, first, min(since - _SHORTEST, until), anchor))


def _summed_up(rule: str, first: datetime, until: datetime, anchor: datetime) -> Earlier:
    if rule.startswith("every "):
        period = _period(rule.partition(" from ")[0].removeprefix("every "))
        further = (until - first) // period
        return Earlier(first, first + further * period, further + 1)
    fires = list(islice(fires_between(rule, first=first, until=until, anchor=anchor), MOST_COUNTED + 1))
    if len(fires) > MOST_COUNTED:
        return Earlier(first, until, MOST_COUNTED, is_exact=False)
    return Earlier(first, fires[-1], len(fires))


def _listed(
    rule: str, first: datetime | None, until: datetime, anchor: datetime
) -> tuple[list[datetime], datetime | None]:
    listed: list[datetime] = []
    for fire in () if first is None else _fires(rule, first, anchor):
        if fire > until or len(listed) == MOST_LISTED:
            return listed, fire
        listed.append(fire)
    return listed, None


def _fires(rule: str, first: datetime, anchor: datetime) -> Iterator[datetime]:
    fire: datetime | None = first
    while fire is not None:
        yield fire
        fire = next_fire(rule, after=fire, anchor=anchor)


def _next_interval(period: timedelta, after: datetime, anchor: datetime) -> datetime:
    return anchor + period * max(1, (after - anchor) // period + 1) if after >= anchor else anchor


def _period(text: str) -> timedelta:
    period = timedelta(seconds=float(text))
    if period < LEAST_PERIOD:
        raise RuleError(f"an interval of {text} s is shorter than {LEAST_PERIOD.total_seconds():g} s")
    return period


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError) as error:
        raise RuleError(f"{name!r} is no time zone") from error
