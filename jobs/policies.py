"""What an author may ask of the engine, as frozen values: retry, concurrency, rate, uniqueness, schedule; pure."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and how soon a failed attempt is tried again.

    The wait before attempt n + 1 is drawn evenly from [0, min(max_wait, wait * factor ** (n - 1))] seconds ("full
    jitter": AWS Architecture Blog, "Exponential Backoff And Jitter", 2015), or is that bound where jitter is off.
    """

    attempts: int = 3
    wait: float = 4.0
    factor: float = 2.0
    max_wait: float = 3600.0
    jitter: bool = True
    retry_on: tuple[type[BaseException], ...] = (Exception,)
    discard_on: tuple[type[BaseException], ...] = ()
    lost_attempts: int = 3

    def backoff(self, attempt: int, *, draw: float | None = None) -> timedelta:
        """Return the wait after failed attempt number `attempt` (from 1); `draw` in [0, 1) replaces the dice."""
        bound = min(self.max_wait, self.wait * self.factor ** min(attempt - 1, 64))
        share = (random.random() if draw is None else draw) if self.jitter else 1.0  # noqa: S311
        return timedelta(seconds=bound * share)

    def allows(self, error: BaseException, *, attempt: int) -> bool:
        """Whether `error` on attempt number `attempt` is followed by another attempt."""
        if getattr(error, "permanent", False) or isinstance(error, self.discard_on):
            return False
        return attempt < self.attempts and isinstance(error, self.retry_on)


NO_RETRY = Retry(attempts=1)


@dataclass(frozen=True, slots=True)
class Concurrency:
    """At most `limit` runs at once per key; the key is a format string over the arguments.

    On conflict the run waits, is skipped, or replaces those that wait ("wait", "skip", "replace").
    """

    limit: int = 1
    key: str = ""
    on_conflict: str = "wait"


@dataclass(frozen=True, slots=True)
class Unique:
    """At most one unfinished run per key; the key is a format string over the arguments, or all of them.

    With `within` (seconds) also none while the last one, finished or not, was enqueued less than that ago.
    """

    key: str = ""
    within: float | None = None


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `count` starts per `seconds` over the whole cluster, per key, evenly spaced.

    A run over the limit reserves the next free start and waits for it in the database; no worker spins.
    """

    count: int
    seconds: float = 1.0
    key: str = ""

    def reserve(self, free_at: datetime, *, now: datetime) -> tuple[datetime, datetime]:
        """Return the start to take, given the first free one, and the first free one after it."""
        start = max(free_at, now)
        return start, start + timedelta(seconds=self.seconds / self.count)


@dataclass(frozen=True, slots=True)
class Every:
    """A schedule with a fixed period; keeps its phase through downtime."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Cron:
    """A schedule in cron's five fields with Celery's meaning (day of month AND day of week) in a zone."""

    expression: str
    zone: str = "UTC"


Schedule = Every | Cron
MOST_IN_PACK = 1000
ORDINARY_IN_PACK = 100


class Misfire(StrEnum):
    """What becomes of fire times noticed late, within the schedule's grace; past it they are missed, always."""

    COALESCE = "coalesce"
    EACH = "each"
    SKIP = "skip"

    @property
    def words(self) -> str:
        """Return what it does, for a choice."""
        return _MISFIRE_WORDS[self]


_MISFIRE_WORDS = {
    Misfire.COALESCE: "one run for all late ones",
    Misfire.EACH: "a run for each late one",
    Misfire.SKIP: "no run for late ones",
}


class Overlap(StrEnum):
    """What a fire does while an earlier run of the same schedule has not ended."""

    ALLOW = "allow"
    SKIP = "skip"
    QUEUE_ONE = "queue_one"
    CANCEL_RUNNING = "cancel_running"

    @property
    def words(self) -> str:
        """Return what it does, for a choice."""
        return _OVERLAP_WORDS[self]


_OVERLAP_WORDS = {
    Overlap.ALLOW: "runs beside it",
    Overlap.SKIP: "is skipped",
    Overlap.QUEUE_ONE: "waits for it; at most one waits",
    Overlap.CANCEL_RUNNING: "cancels it and takes its place",
}


MOST_FRACTIONAL_SECONDS = 2000


def every(*, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> Every:
    """Return a schedule with that period; it must come to at least one second."""
    total = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds()
    if total < 1:
        raise ValueError(f"a schedule's period must be at least one second, not {total}")
    if total % 1 and total > MOST_FRACTIONAL_SECONDS:
        raise ValueError(f"a period of more than {MOST_FRACTIONAL_SECONDS} s must be whole seconds, not {total}")
    return Every(total)


def crontab(expression: str, *, zone: str = "UTC") -> Cron:
    """Return a cron schedule from "minute hour day-of-month month day-of-week"."""
    if len(expression.split()) != 5:
        raise ValueError(f"a crontab has five fields, not {expression!r}")
    return Cron(expression, zone)


@dataclass(frozen=True, slots=True)
class Declaration:
    """Everything `@job(...)` says about a job beyond its function."""

    queue: str | None = None
    priority: int = 0
    retry: Retry = NO_RETRY
    concurrency: Concurrency | None = None
    unique: Unique | None = None
    rate_limit: RateLimit | None = None
    schedule: Schedule | None = None
    schedule_arguments: dict[str, Any] = field(default_factory=dict)
    grace_seconds: int = 300
    misfire: str = Misfire.COALESCE
    overlap: str = Overlap.ALLOW
    jitter_seconds: int = 0
    expires_seconds: float | None = None
    sensitive: tuple[str, ...] = ()
    tenant: str = ""
    pack: int | None = None

    def __post_init__(self) -> None:
        """Refuse policies that don't exist or exclude each other.

        Raises: ValueError.
        """
        Misfire(self.misfire)
        Overlap(self.overlap)
        if self.pack is not None and not 0 <= self.pack <= MOST_IN_PACK:
            raise ValueError(f"pack must be 0 to {MOST_IN_PACK}, not {self.pack}")
        if self.pack and self.is_guarded:
            raise ValueError(
                "pack and concurrency or rate_limit exclude each other: a guarded run needs its own message"
            )

    @property
    def is_guarded(self) -> bool:
        """Whether its runs may have to wait at their claim."""
        return self.concurrency is not None or self.rate_limit is not None

    def most_in_pack(self, *, unasked: bool = False) -> int:
        """Return how many runs one bell may stand for; 0 when each has a message of its own, as a guarded one must.

        A job that says nothing of packs is packed `unasked` only.
        """
        if self.pack is not None:
            return self.pack
        return ORDINARY_IN_PACK if unasked and not self.is_guarded else 0


PLAIN = Declaration()
