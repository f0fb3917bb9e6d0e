"""Tallies added up by job, or by job and queue: counts by the database, histograms here from the rows' bare columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db.models import Max, QuerySet, Sum

from jobs.histogram import add
from jobs.models import Tally
from jobs.rollup import SUMS

T = TypeVar("T", bound=Tally)
_ADDED: dict[str, Any] = {
    **{f"of_{name}": Sum(name) for name in SUMS},
    **{f"of_{name}": Max(name) for name in ("longest_seconds", "last_finished_at")},
}


def totals(tallies: QuerySet[T], *, by: Sequence[str] = ("job",)) -> list[T]:
    """Return the sums of the tallies that have the columns `by` in common, in their order."""
    added = tallies.order_by(*by).values(*by).annotate(**_ADDED)
    found = {
        tuple(row[name] for name in by): tallies.model(**{name.removeprefix("of_"): row[name] for name in row})
        for row in added
    }
    for *place, durations, waits in tallies.order_by().values_list(*by, "durations", "waits").iterator():
        # An hour that was counted between the two statements waits for the next look.
        if total := found.get(tuple(place)):
            add(total.durations, durations)
            add(total.waits, waits)
    return list(found.values())
