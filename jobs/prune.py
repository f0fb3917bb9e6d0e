"""Deletes what is past its keeping time, in small batches: ended runs with result and log, records, copies, nodes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django_celery_results.models import TaskResult

from jobs import ledger
from jobs.conf import conf
from jobs.dialect import claimable
from jobs.models import AuditEntry, KeptKey, KeptReply, LogChunk, Run, ScheduleChange, Worker
from jobs.models.token import KEPT
from jobs.states import State

BATCH = 250
LONGEST_PAUSE_SECONDS = 0.5
LIMITS_KEPT = timedelta(days=1)


def prune(*, now: datetime, most: int = 20 * BATCH) -> int:
    """Delete up to `most` rows of each kind that are past their keeping time; returns how many rows it deleted.

    Dead letters stay until someone resolves them.
    """
    ended = now - timedelta(days=conf().run_retention_days)
    return _delete_runs(ended, most) + sum(_delete(rows, most) for rows in _past(now))


def _delete_runs(before: datetime, most: int) -> int:
    """Delete runs, the first to end first; each batch looks on from where the one before ended.

    After each it pauses for as long as it took: half of the database's time, and of its disk's, stays for others.
    """
    past = Run.objects.exclude(state=State.FAILED, resolved_at=None).filter(finished_at__lt=before)
    deleted = 0
    since: datetime | None = None
    while deleted < most:
        began = time.monotonic()
        with transaction.atomic():
            # Locked, so that a replay meanwhile either keeps its run or finds none.
            some = claimable((past.filter(finished_at__gte=since) if since else past).order_by("finished_at"))
            if not (found := list(some.only("pk", "finished_at", "options")[:BATCH])):
                break
            ids, since = [run.pk for run in found], found[-1].finished_at
            TaskResult.objects.filter(task_id__in=[run.task_id for run in found]).delete()
            LogChunk.objects.filter(run_id__in=ids).delete()
            Run.objects.filter(pk__in=ids).only("pk").delete()
        deleted += len(ids)
        time.sleep(min(time.monotonic() - began, LONGEST_PAUSE_SECONDS))
    return deleted


def _past(now: datetime) -> Iterator[QuerySet[Any]]:
    """Yield what else may go, one kind after the other; each is found by an index."""
    keeping = conf()
    ended = now - timedelta(days=keeping.run_retention_days)
    recorded = now - timedelta(days=keeping.record_retention_days)
    yield Worker.objects.filter(heartbeat_at__lt=ended, runs=None)
    yield KeptReply.objects.filter(created_at__lt=now - KEPT)
    yield AuditEntry.objects.filter(at__lt=recorded)
    yield KeptKey.objects.filter(kept_at__lt=now - timedelta(days=keeping.kept_key_days))
    # The oldest have the lowest ids: no index by time is needed to see whether there are any.
    oldest = ScheduleChange.objects.order_by("pk").values("pk")[:BATCH]
    yield ScheduleChange.objects.filter(pk__in=oldest, at__lt=recorded)


def _delete(rows: QuerySet[Any], most: int) -> int:
    deleted = 0
    while deleted < most and (ids := list(rows.values_list("pk", flat=True)[:BATCH])):
        rows.model._default_manager.filter(pk__in=ids).delete()  # noqa: SLF001 - Django's documented way
        deleted += len(ids)
    return deleted


def prune_limits(*, now: datetime) -> int:
    """Delete the keys of rate limits and unique windows whose next start has been free for a day; returns how many."""
    deleted = 0
    while count := ledger.delete_unused_limits(before=now - LIMITS_KEPT, most=BATCH):
        deleted += count
    return deleted
