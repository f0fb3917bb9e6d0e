"""Failed runs that wait for a person, grouped by what went wrong; replayed one, all, or carefully, or discarded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Count, Max, Min, Q

from jobs import ledger
from jobs.models import Run
from jobs.models.run import RunQuerySet


@dataclass(frozen=True, slots=True)
class Group:
    """Dead letters of one job with the same error fingerprint."""

    fingerprint: str
    job: str
    kind: str
    message: str
    count: int
    first_at: datetime
    last_at: datetime


def matching(*, fingerprint: str = "", job: str = "") -> RunQuerySet:
    """Return the open dead letters of a fingerprint, of a job, or all."""
    wanted = {name: value for name, value in (("error_fingerprint", fingerprint), ("job", job)) if value}
    return Run.objects.dead_letters().filter(**wanted)


def groups(*, limit: int = 100) -> list[Group]:
    """Return the open dead letters by job and fingerprint, the most numerous first, with the error of the latest."""
    columns = ("error_fingerprint", "job")
    # Nothing that is not in the index, so that the rows themselves are left alone.
    counted = Run.objects.dead_letters().order_by().values_list(*columns).annotate(many=Count("*"))
    ends = counted.annotate(first=Min("finished_at"), last=Max("finished_at"))
    rows = list(ends.order_by("-many", *columns)[:limit])
    latest = _at_these_places((fingerprint, job, last) for fingerprint, job, *_, last in rows)
    return [
        Group(fingerprint, job, *latest.get((fingerprint, job), ("", "")), many, first, last)
        for fingerprint, job, many, first, last in rows
    ]


def _at_these_places(places: Iterable[tuple[str, str, datetime]]) -> dict[tuple[str, str], tuple[str, str]]:
    """Return kind and message of a dead letter of each fingerprint and job, that ended at that time."""
    arms = [Q(error_fingerprint=fingerprint, job=job, finished_at=at) for fingerprint, job, at in places]
    if not arms:
        return {}
    found = Run.objects.dead_letters().filter(reduce(or_, arms))
    rows = found.values_list("error_fingerprint", "job", "error_kind", "error_message")
    return {(fingerprint, job): (kind, message) for fingerprint, job, kind, message in rows}


def replay(ids: Iterable[UUID]) -> int:
    """Enqueue these dead letters again; returns how many were."""
    return sum(ledger.replay(pk, now=ledger.now()) for pk in ids)


def discard(ids: Iterable[UUID]) -> int:
    """Close these dead letters without running them; returns how many were open."""
    return sum(ledger.discard(pk, now=ledger.now()) for pk in ids)
