"""Failed runs that wait for a person, grouped by what went wrong; replayed one, all, or carefully, or discarded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, Min

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
    """Return the open dead letters by job and fingerprint, the most numerous first."""
    rows = (
        Run.objects.dead_letters()
        .values_list("error_fingerprint", "job")
        .annotate(
            Max("error_kind"), Max("error_message"), many=Count("pk"), first=Min("finished_at"), last=Max("finished_at")
        )
        .order_by("-many")[:limit]
    )
    return [Group(*row) for row in rows]


def replay(ids: Iterable[UUID]) -> int:
    """Enqueue these dead letters again; returns how many were."""
    return sum(ledger.replay(pk, now=ledger.now()) for pk in ids)


def discard(ids: Iterable[UUID]) -> int:
    """Close these dead letters without running them; returns how many were open."""
    return sum(ledger.discard(pk, now=ledger.now()) for pk in ids)
