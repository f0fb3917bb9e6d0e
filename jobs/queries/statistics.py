"""How jobs did: totals, success, durations and waits, per job and over time; read from the tallies, never from runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Sum
from django.utils import timezone

from jobs.histogram import quantile
from jobs.models import Clearing, HourTally, MinuteTally, Tally
from jobs.queries.totals import kept, totals
from jobs.rollup import HOUR, MINUTE, summed

_BY_MINUTE = timedelta(hours=2)


@dataclass(frozen=True, kw_only=True)
class JobStatistics:
    """How a job's runs ended and how long they took; None where no run tells.

    Percentiles are within 9 %. `success_rate` counts runs that succeeded or failed.
    """

    job: str
    since: datetime | None
    runs: int
    succeeded: int
    failed: int
    cancelled: int
    skipped: int
    missed: int
    retries: int
    success_rate: float | None
    average_seconds: float | None
    p50_seconds: float | None
    p95_seconds: float | None
    p99_seconds: float | None
    longest_seconds: float | None
    average_wait_seconds: float | None
    p95_wait_seconds: float | None
    cpu_seconds: float
    last_finished_at: datetime | None


@dataclass(frozen=True)
class Point:
    """What ended in one step of time."""

    start: datetime
    succeeded: int
    failed: int
    others: int


def statistics(*, job: str = "", hours: int | None = None, now: datetime | None = None) -> list[JobStatistics]:
    """Return the statistics of a job, or of every job by name, since they were cleared or in the last `hours`.

    Hours count whole: up to one more than asked for.
    """
    now = now or timezone.now()
    since = now - timedelta(hours=hours) if hours else None
    cleared = dict(Clearing.objects.values_list("job", "cleared_at"))
    found = totals(*kept(since=since, job=job, now=now))
    return [_statistics(total, _latest(since, cleared.get(total.job), cleared.get(""))) for total in found]


def statistics_of_period(
    *, period: timedelta, now: datetime | None = None
) -> tuple[JobStatistics, list[JobStatistics]]:
    """Return the statistics of all jobs together in the period up to now, and of each by name.

    The period's first minute or hour counts whole.
    """
    now = now or timezone.now()
    since = now - period
    parts = (
        (MinuteTally.objects.filter(start__gt=since - MINUTE),) if period <= _BY_MINUTE else kept(since=since, now=now)
    )
    by_job = totals(*parts)
    overall = summed(by_job, HourTally())
    return _statistics(overall, since), [_statistics(total, since) for total in by_job]


def series(*, period: timedelta, steps: int, now: datetime | None = None) -> list[Point]:
    """Return what ended in `steps` equal parts of the period up to now, the oldest first."""
    now = now or timezone.now()
    step = period / steps
    model, unit = _tallies_for(period)
    end = datetime.fromtimestamp((now.timestamp() // unit.total_seconds() + 1) * unit.total_seconds(), tz=now.tzinfo)
    begin = end - period
    counts = [[0, 0, 0] for _ in range(steps)]
    rows = model.objects.filter(start__gte=begin, start__lt=end).order_by().values_list("start")
    ends = rows.annotate(Sum("succeeded"), Sum("failed"), Sum("cancelled"), Sum("skipped"), Sum("missed"))
    for start, succeeded, failed, *others in ends:
        place = min(steps - 1, int((start - begin) / step))
        counts[place] = [sum(pair) for pair in zip(counts[place], (succeeded, failed, sum(others)), strict=True)]
    return [Point(begin + number * step, *ended) for number, ended in enumerate(counts)]


def _tallies_for(period: timedelta) -> tuple[type[MinuteTally | HourTally], timedelta]:
    return (MinuteTally, MINUTE) if period <= _BY_MINUTE else (HourTally, HOUR)


def _statistics(total: Tally, since: datetime | None) -> JobStatistics:
    measured = sum(total.durations.values())
    ended = total.succeeded + total.failed
    return JobStatistics(
        job=total.job,
        since=since,
        runs=ended + total.cancelled + total.skipped + total.missed,
        succeeded=total.succeeded,
        failed=total.failed,
        cancelled=total.cancelled,
        skipped=total.skipped,
        missed=total.missed,
        retries=total.retries,
        success_rate=total.succeeded / ended if ended else None,
        average_seconds=total.seconds / measured if measured else None,
        p50_seconds=quantile(total.durations, 0.5),
        p95_seconds=quantile(total.durations, 0.95),
        p99_seconds=quantile(total.durations, 0.99),
        longest_seconds=total.longest_seconds if measured else None,
        average_wait_seconds=total.wait_seconds / measured if measured else None,
        p95_wait_seconds=quantile(total.waits, 0.95),
        cpu_seconds=total.cpu_seconds,
        last_finished_at=total.last_finished_at,
    )


def _latest(*times: datetime | None) -> datetime | None:
    return max((at for at in times if at), default=None)
