"""Tallies added up by job, or by job and queue: counts by the database, histograms here from its rows' joined text."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Max, Min, Q, QuerySet, Sum
from django.utils import timezone

from jobs.conf import conf
from jobs.dialect import JoinedJson
from jobs.histogram import merged
from jobs.models import DayTally, HourTally, Tally
from jobs.rollup import DAY, HOUR, OLDEST, SUMS, summed

_MOST = ("longest_seconds", "last_finished_at")
_HISTOGRAMS = ("durations", "waits")
_ADDED: dict[str, Any] = {
    **{f"of_{name}": Sum(name) for name in SUMS},
    **{f"of_{name}": Max(name) for name in _MOST},
    **{f"of_{name}": JoinedJson(name) for name in _HISTOGRAMS},
}


def totals(*parts: QuerySet[Any], by: Sequence[str] = ("job",)) -> list[Tally]:
    """Return the sums of all tallies that have the columns `by` in common, in their order."""
    found: dict[tuple[str, ...], list[Tally]] = defaultdict(list)
    for tallies in parts:
        for row in tallies.order_by().values(*by).annotate(**_ADDED):
            for name in _HISTOGRAMS:
                row[f"of_{name}"] = merged(json.loads(row[f"of_{name}"]))
            total = tallies.model(**{name.removeprefix("of_"): value for name, value in row.items()})
            found[tuple(row[name] for name in by)].append(total)
    return [_one(tallies, dict(zip(by, place, strict=True))) for place, tallies in sorted(found.items())]


def kept(
    *, since: datetime | None = None, job: str = "", now: datetime | None = None
) -> tuple[QuerySet[DayTally], QuerySet[HourTally]]:
    """Return the tallies of the job, or of all, since the hour of that time, or all there are.

    In as few rows as can be: the sums of whole days, and the hours before and after these.
    """
    wanted = {"job": job} if job else {}
    first = since - HOUR if since else OLDEST - HOUR
    # A day whose sum is about to go could go between the reading of days and that of hours.
    stays = (now or timezone.now()) - DAY * conf().statistics_days + HOUR
    made = DayTally.objects.filter(start__gt=max(first, stays)).aggregate(first=Min("start"), latest=Max("start"))
    hours = HourTally.objects.filter(start__gt=first, **wanted)
    if made["first"] is None:
        return DayTally.objects.none(), hours
    in_days = Q(start__gte=made["first"], start__lt=made["latest"] + DAY)
    return DayTally.objects.filter(in_days, **wanted), hours.exclude(in_days)


def _one(tallies: list[Tally], place: dict[str, str]) -> Tally:
    return tallies[0] if len(tallies) == 1 else summed(tallies, type(tallies[0])(**place))
