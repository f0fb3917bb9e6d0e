"""Pages of runs by position, newest first: page 100,000 costs what page 1 costs, and nothing is ever counted."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Q

from jobs.models.run import Run, RunQuerySet

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class BadCursorError(ValueError):
    """The cursor was not made by this module."""


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """A place between two runs, and which way to read from there."""

    created_at: datetime
    id: uuid.UUID
    newer: bool = False

    def __str__(self) -> str:
        return f"{'n' if self.newer else 'o'}{(self.created_at - _EPOCH) // _MICROSECOND}-{self.id.hex}"


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some runs, newest first, with the cursors of the pages before and after; None where there is none."""

    runs: list[Run]
    newer: Cursor | None
    older: Cursor | None


def read_cursor(text: str) -> Cursor:
    """Return the cursor that `text` stands for.

    Raises: BadCursorError
    """
    direction, place, key = text[:1], *text[1:].partition("-")[::2]
    try:
        created_at = _EPOCH + int(place) * _MICROSECOND
        run_id = uuid.UUID(hex=key)
    except (ValueError, OverflowError):
        raise BadCursorError(f"not a cursor: {text[:80]!r}") from None
    if direction not in {"n", "o"}:
        raise BadCursorError(f"not a cursor: {text[:80]!r}")
    return Cursor(created_at=created_at, id=run_id, newer=direction == "n")


def page_of(runs: RunQuerySet, *, cursor: Cursor | None, limit: int, in_parts: bool = False) -> Page:
    """Return the page of `runs` at `cursor` (the newest page without one), at most `limit` runs long.

    `in_parts` asks for the unfinished and the finished apart, where the index that helps holds only the finished.
    """
    newer = cursor is not None and cursor.newer
    order = ("created_at", "id") if newer else ("-created_at", "-id")
    beyond = _beyond(runs, cursor).order_by(*order)
    # In this order, so that a run that ends meanwhile is not missed.
    parts = [beyond.filter(finished_at=None), beyond.filter(finished_at__isnull=False)] if in_parts else [beyond]
    either = {run.pk: run for part in parts for run in part[: limit + 1]}
    found = sorted(either.values(), key=lambda run: (run.created_at, run.pk), reverse=not newer)[: limit + 1]
    more, found = len(found) > limit, found[:limit]
    if newer:
        found.reverse()
    has_newer, has_older = (more, True) if newer else (cursor is not None, more)
    return Page(
        runs=found,
        newer=_at(found[0], newer=True) if found and has_newer else None,
        older=_at(found[-1], newer=False) if found and has_older else None,
    )


def _beyond(runs: RunQuerySet, cursor: Cursor | None) -> RunQuerySet:
    if cursor is None:
        return runs
    # The first condition is implied by the second; databases use it as the index range.
    if cursor.newer:
        return runs.filter(
            Q(created_at__gte=cursor.created_at),
            Q(created_at__gt=cursor.created_at) | Q(id__gt=cursor.id),
        )
    return runs.filter(
        Q(created_at__lte=cursor.created_at),
        Q(created_at__lt=cursor.created_at) | Q(id__lt=cursor.id),
    )


def _at(run: Run, *, newer: bool) -> Cursor:
    return Cursor(created_at=run.created_at, id=run.id, newer=newer)
