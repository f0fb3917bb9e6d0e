"""Counts ended runs into minutes, hours and days; a minute is counted anew as a whole, so that no end counts twice.

The last two minutes are counted on every pass, and of the hour before one more, in turn: ends that were committed late.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Case, Count, F, FloatField, Max, Model, Q, QuerySet, Sum, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Floor, Greatest, Least, Ln, TruncMinute

from jobs.conf import conf
from jobs.dialect import claimable, seconds_between
from jobs.histogram import LAST_BUCKET, LEAST_SECONDS, STEPS_PER_DOUBLING, merged
from jobs.models import Clearing, CountedUntil, DayTally, EarlierEnd, HourTally, MinuteTally, Run, Tally
from jobs.states import State

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LIVE = 2 * MINUTE
CHUNK = 10 * MINUTE
RECOUNTED_MINUTES = 60
MINUTES_KEPT = timedelta(hours=26)
OLDEST = datetime(1970, 1, 1, tzinfo=UTC)
SUMS = ("succeeded", "failed", "cancelled", "skipped", "missed", "retries", "seconds", "cpu_seconds", "wait_seconds")
_COLUMNS = {
    State.SUCCESS: "succeeded",
    State.FAILED: "failed",
    State.CANCELLED: "cancelled",
    State.SKIPPED: "skipped",
    State.MISSED: "missed",
}
_RAN = Q(state__in=[State.SUCCESS, State.FAILED], started_at__isnull=False)
_WRITTEN = (*SUMS, "longest_seconds", "durations", "waits", "last_finished_at")
T = TypeVar("T", bound=Tally)


def count_ends(*, now: datetime) -> int:
    """Bring the tallies up to date, at most ten minutes of ends a pass; returns 1 while there is more to count.

    One beat counts at a time; another that comes meanwhile leaves it to that one.
    """
    if not CountedUntil.objects.exists():
        CountedUntil.objects.get_or_create(defaults={"at": _first_end(OLDEST) or now})
    with transaction.atomic():
        mark = claimable(CountedUntil.objects.all()).first()
        if mark is None:
            return 0
        begin = _minute(min(_first_end(mark.at - LIVE) or now, now - LIVE))
        is_behind = begin + CHUNK < now
        # A worker's clock may be ahead: what seems to end later than now counts too.
        end = begin + CHUNK if is_behind else now + HOUR
        mark.recounted = mark.recounted % RECOUNTED_MINUTES + 1
        again = _minute(now) - mark.recounted * MINUTE
        hours = _count_minutes(begin, end) | _count_minutes(again, again + MINUTE)
        for hour in hours:
            _sum_parts(MinuteTally, HourTally, hour, HOUR)
        mark.at = end if is_behind else now
        mark.save()
        for day in _days_to_sum(hours, until=day_of(mark.at)):
            _sum_parts(HourTally, DayTally, day, DAY)
        _forget(mark.at)
    return int(is_behind)


def summed(tallies: Iterable[Tally], into: T) -> T:
    """Return `into` with the tallies added up in it."""
    found = list(tallies)
    for name in SUMS:
        setattr(into, name, sum(getattr(tally, name) for tally in found))
    into.longest_seconds = max((tally.longest_seconds for tally in found), default=0.0)
    into.durations = merged(tally.durations for tally in found)
    into.waits = merged(tally.waits for tally in found)
    if found:
        into.last_finished_at = max(tally.last_finished_at for tally in found)
    return into


def day_of(at: datetime) -> datetime:
    """Return when the day began, in UTC."""
    return _minute(at).replace(hour=0, minute=0)


def _minute(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(second=0, microsecond=0)


def _first_end(since: datetime) -> datetime | None:
    counted: tuple[type[Run | EarlierEnd], ...] = (Run, EarlierEnd)
    ends = (model.objects.filter(finished_at__gte=since).order_by("finished_at") for model in counted)
    first = (rows.values_list("finished_at", flat=True).first() for rows in ends)
    return min((at for at in first if at is not None), default=None)


def _count_minutes(begin: datetime, end: datetime) -> set[datetime]:
    """Write the tallies of the minutes from `begin` to `end`; returns the hours they belong to."""
    cleared = dict(Clearing.objects.values_list("job", "cleared_at"))
    tallies: dict[tuple[Any, ...], MinuteTally] = {}
    for model in (Run, EarlierEnd):
        for cell in _cells(model, begin, end, cleared):
            place = {"start": cell["minute"], "job": cell["job"], "queue": cell["queue"]}
            tally = tallies.setdefault(tuple(place.values()), MinuteTally(**place, last_finished_at=cell["last"]))
            _add(tally, cell)
    MinuteTally.objects.bulk_create(
        tallies.values(), update_conflicts=True, unique_fields=["start", "job", "queue"], update_fields=_WRITTEN
    )
    return {tally.start.replace(minute=0) for tally in tallies.values()}


def _add(tally: MinuteTally, cell: dict[str, Any]) -> None:
    column = _COLUMNS[State(cell["state"])]
    setattr(tally, column, getattr(tally, column) + cell["runs"])
    for name in ("retries", "seconds", "cpu_seconds", "wait_seconds"):
        setattr(tally, name, getattr(tally, name) + (cell[f"sum_of_{name}"] or 0))
    tally.longest_seconds = max(tally.longest_seconds, cell["longest"] or 0.0)
    tally.last_finished_at = max(tally.last_finished_at, cell["last"])
    for histogram, bucket in ((tally.durations, cell["duration_bucket"]), (tally.waits, cell["wait_bucket"])):
        if bucket is not None:
            histogram[str(int(bucket))] = histogram.get(str(int(bucket)), 0) + cell["runs"]


def _cells(
    model: type[Model], begin: datetime, end: datetime, cleared: dict[str, datetime]
) -> Iterator[dict[str, Any]]:
    """Yield the ends of the span, added up by the database, a row per job, queue, minute, state and buckets."""
    ends: QuerySet[Any] = model._default_manager.filter(finished_at__gte=begin, finished_at__lt=end)  # noqa: SLF001 - Django's documented API
    for job, at in cleared.items():
        ends = ends.exclude(finished_at__lte=at, **({"job": job} if job else {}))
    measured = ends.annotate(
        minute=TruncMinute("finished_at", tzinfo=UTC),
        duration=_measured("started_at", "finished_at"),
        wait=_measured("run_at", "started_at"),
        duration_bucket=_bucket("duration"),
        wait_bucket=_bucket("wait"),
    )
    cells: Iterator[dict[str, Any]] = (
        measured.order_by()
        .values("job", "queue", "state", "minute", "duration_bucket", "wait_bucket")
        .annotate(
            runs=Count("pk"),
            sum_of_retries=Sum(Greatest(F("attempt") - 1, 0)),
            sum_of_seconds=Sum("duration"),
            sum_of_cpu_seconds=Sum("cpu_seconds"),
            sum_of_wait_seconds=Sum("wait"),
            longest=Max("duration"),
            last=Max("finished_at"),
        )
        .iterator()
    )
    return cells


def _measured(start: str, end: str) -> Combinable:
    """Return the time between two columns of a run that ran to its end; one that was cancelled measures nothing."""
    seconds = Greatest(seconds_between(start, end), Value(0.0), output_field=FloatField())
    return Case(When(_RAN, then=seconds), output_field=FloatField())


def _bucket(column: str) -> Combinable:
    """Return `histogram.bucket_of` as an expression."""
    doublings = Ln(Greatest(F(column), Value(LEAST_SECONDS)) / Value(LEAST_SECONDS)) / Ln(Value(2.0))
    bucket = Least(Floor(doublings * Value(float(STEPS_PER_DOUBLING))), Value(float(LAST_BUCKET)))
    # Not left to NULL: PostgreSQL's GREATEST passes over it.
    return Case(When(_RAN, then=bucket), output_field=FloatField())


def _sum_parts(parts: type[Tally], whole: type[Tally], start: datetime, span: timedelta) -> None:
    places = defaultdict(list)
    for tally in parts._default_manager.filter(start__gte=start, start__lt=start + span):  # noqa: SLF001 - Django's documented API
        places[tally.job, tally.queue].append(tally)
    rows = [summed(found, whole(start=start, job=job, queue=queue)) for (job, queue), found in places.items()]
    whole._default_manager.bulk_create(  # noqa: SLF001 - the same
        rows, update_conflicts=True, unique_fields=["start", "job", "queue"], update_fields=_WRITTEN
    )


def _days_to_sum(hours: Iterable[datetime], *, until: datetime) -> set[datetime]:
    """Return the days whose sum these hours made stale, and the first before `until` that has none yet.

    One after the other, so that no day between the first and the last that have a sum lacks its own.
    """
    stale = DayTally.objects.filter(start__in={day_of(hour) for hour in hours}).values_list("start", flat=True)
    latest = DayTally.objects.aggregate(at=Max("start"))["at"]
    first_whole = until - DAY * (conf().statistics_days - 1)
    unmade = HourTally.objects.filter(start__gte=max(latest + DAY, first_whole) if latest else first_whole)
    first = unmade.filter(start__lt=until).order_by("start").values_list("start", flat=True).first()
    return {*stale, *([day_of(first)] if first else ())}


def _forget(counted_until: datetime) -> None:
    """Delete the minutes and earlier ends that are counted for good, and add up the oldest hours in one row each.

    A day's sum goes with the first of its hours.
    """
    MinuteTally.objects.filter(start__lt=counted_until - MINUTES_KEPT).delete()
    EarlierEnd.objects.filter(finished_at__lt=counted_until - 2 * HOUR).delete()
    oldest_kept = counted_until - timedelta(days=conf().statistics_days)
    DayTally.objects.filter(start__lt=oldest_kept).delete()
    old = HourTally.objects.filter(start__lt=oldest_kept, start__gt=OLDEST)
    for job, queue in set(old.values_list("job", "queue")):
        both = HourTally.objects.filter(Q(start=OLDEST) | Q(pk__in=old), job=job, queue=queue)
        row = summed(both, HourTally(start=OLDEST, job=job, queue=queue))
        both.delete()
        row.save()
