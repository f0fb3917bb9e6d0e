"""What a person may ask of the statistics: begin anew."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from jobs import audit
from jobs.models import Clearing, CountedUntil, DayTally, HourTally, MinuteTally


def clear_statistics(job: str = "") -> int:
    """Forget what was counted of the job, or of all, and count from now on; returns how many hours were forgotten.

    Runs stay as they are.
    """
    now = timezone.now()
    matching = {"job": job} if job else {}
    with transaction.atomic():
        # Whoever counts at this moment ends first, and finds the clearing next time.
        CountedUntil.objects.select_for_update().first()
        Clearing.objects.update_or_create(job=job, defaults={"cleared_at": now})
        MinuteTally.objects.filter(**matching).delete()
        DayTally.objects.filter(**matching).delete()
        count = HourTally.objects.filter(**matching).delete()[0]
        audit.note("clear statistics", job or "all jobs", after={"hours": count})
        return count
