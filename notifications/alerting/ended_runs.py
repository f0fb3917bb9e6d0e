"""Reads, with a place kept, which runs ended since the last look; the engine knows nothing of it.

Ends are read by their time, and again over the last two minutes: a slow transaction may commit late.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db.models import QuerySet

from jobs.models import Run
from notifications.models import Watermark

OVERLAP = timedelta(minutes=2)
FIRST_LOOK = timedelta(minutes=5)
COLUMNS = (
    "pk", "job", "state", "attempt", "finished_at", "created_at", "started_at", "owner_id", "correlation_id",
    "error_kind", "error_message", "error_fingerprint", "reason", "schedule_id", "fire_at", "queue",
    "cause", "parent_id",
)  # fmt: skip


def ended_since_last_look(name: str, *, now: datetime) -> QuerySet[Run]:
    """Return the runs that ended since the last look of that name, oldest first; the last two minutes come again."""
    mark = Watermark.objects.filter(name=name).first()
    since = (mark.at if mark else now - FIRST_LOOK) - OVERLAP
    return Run.objects.filter(finished_at__gt=since, finished_at__lte=now).only(*COLUMNS).order_by("finished_at", "pk")


def unseen(name: str, runs: Iterable[Run], *, now: datetime) -> Iterator[Run]:
    """Yield those of the runs that the last looks have not, then remember up to where they were seen.

    Whoever breaks off in between sees them again.
    """
    mark = Watermark.objects.filter(name=name).first()
    before = set(mark.seen) if mark else set()
    seen = []
    for run in runs:
        if run.finished_at and run.finished_at > now - OVERLAP:
            seen.append(str(run.pk))
        if str(run.pk) not in before:
            yield run
    Watermark.objects.update_or_create(name=name, defaults={"at": now, "seen": seen})
