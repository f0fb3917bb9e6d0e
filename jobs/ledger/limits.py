"""The rows that serialise rate limits and unique windows, one per key; unused ones may be deleted at any moment."""

from __future__ import annotations

from datetime import datetime

from jobs.models import RateBucket


def locked_bucket(key: str, *, now: datetime) -> RateBucket:
    """Return the key's row, locked until the transaction ends; made when there is none, or none any more."""
    while True:
        if row := RateBucket.objects.select_for_update().filter(key=key).first():
            return row
        RateBucket.objects.bulk_create([RateBucket(key=key, next_start_at=now)], ignore_conflicts=True)


def delete_unused_limits(*, before: datetime, most: int) -> int:
    """Delete up to `most` rows whose next start was free before then, and return how many; they begin anew."""
    unused = RateBucket.objects.filter(next_start_at__lt=before)
    return RateBucket.objects.filter(
        pk__in=list(unused.values_list("pk", flat=True)[:most]), next_start_at__lt=before
    ).delete()[0]
