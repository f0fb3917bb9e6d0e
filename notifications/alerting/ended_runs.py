"""Reads, with a place kept, which runs ended since the last look; the engine knows nothing of it.

Ends are read by their time, and again over the last two minutes: a slow transaction may commit late.
"""

from __future__ import annotations

from collections.abc import Iterable
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


def unseen(name: str, runs: Iterable[Run], *, now: datetime) -> list[Run]:
    """Return those of the runs that the last looks have not returned, and remember that they were."""
    found = list(runs)
    mark, _ = Watermark.objects.get_or_create(name=name, defaults={"at": now})
    before = set(mark.seen)
    mark.at, mark.seen = now, [str(run.pk) for run in found]
    mark.save()
    return [run for run in found if str(run.pk) not in before]
