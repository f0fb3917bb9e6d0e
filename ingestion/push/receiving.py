"""Turns notices of changes into syncs: all that come within a few seconds for one place become one run."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from ingestion.conf import conf
from ingestion.models import Account, Calendar
from jobs import operations as engine
from jobs.models.run import Cause

# Longer than a sync takes from its last look for notices to its end, which it would be passed over for.
MARGIN = timedelta(seconds=1)

log = structlog.get_logger(__name__)


def next_sync_at(now: datetime, *, debounce_seconds: int) -> datetime:
    """Return the end of the span of time that `now` lies in: every notice within it means the same sync; pure."""
    span = max(debounce_seconds, 1)
    return datetime.fromtimestamp((int(now.timestamp()) // span + 1) * span, UTC)


def note_changes(places: Iterable[Account | Calendar]) -> int:
    """Let each place that is active be synced soon; returns how many syncs are new.

    A sync under way sees the notice at its end and looks again; the run that is enqueued here is passed over then.
    """
    return sum(_note(place) for place in places if place.is_active)


def _note(place: Account | Calendar) -> bool:
    now = timezone.now()
    at = next_sync_at(now, debounce_seconds=conf().push_debounce_seconds)
    name = type(place).__name__.lower()
    with transaction.atomic():
        type(place).objects.filter(pk=place.pk).update(notified_at=now)
        _, is_new = engine.enqueue(
            f"sync_{name}",
            {f"{name}_id": place.pk, "user_id": place.owner_id, "provider": place.provider},
            cause=Cause.API,
            owner=place.owner,
            eta=at + MARGIN,
            unique_key=f"push:{name}:{place.pk}:{int(at.timestamp())}",
        )
    if is_new:
        log.info("change noticed", place=f"{name} {place.pk}", at=at.isoformat())
    return is_new
