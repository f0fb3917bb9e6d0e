"""Deletes what is past its keeping time, in small batches: ended runs with result and log, nodes gone, kept replies."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django_celery_results.models import TaskResult

from jobs.conf import conf
from jobs.models import KeptReply, LogChunk, Run, Worker
from jobs.models.token import KEPT

BATCH = 500


def prune(*, now: datetime, most: int = 4 * BATCH) -> int:
    """Delete up to `most` runs that finished before the retention time; dead letters stay until someone resolves them.

    Returns how many runs were deleted.
    """
    before = now - timedelta(days=conf().run_retention_days)
    deleted = 0
    while deleted < most and (count := _prune_batch(before)):
        deleted += count
    Worker.objects.filter(heartbeat_at__lt=before, runs=None).delete()
    KeptReply.objects.filter(created_at__lt=now - KEPT).delete()
    return deleted


def _prune_batch(before: datetime) -> int:
    finished = Run.objects.filter(finished_at__lt=before).exclude(state="FAILED", resolved_at=None)
    ids = list(finished.values_list("pk", flat=True)[:BATCH])
    with transaction.atomic():
        TaskResult.objects.filter(task_id__in=[str(pk) for pk in ids]).delete()
        LogChunk.objects.filter(run_id__in=ids).delete()
        Run.objects.filter(pk__in=ids).delete()
    return len(ids)
