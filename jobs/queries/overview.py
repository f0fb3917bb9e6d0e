"""Everything at a glance: what ended, waits, runs and failed, and who works; every figure from tallies or an index."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from jobs.models import Run, Worker
from jobs.queries.queues import QueueDetails, all_queues
from jobs.queries.runs import failures, listed
from jobs.queries.statistics import JobStatistics, statistics_of_period
from jobs.queries.workers import all_workers


@dataclass(frozen=True, kw_only=True)
class Overview:
    """How it stood `at` that time."""

    at: datetime
    ended: JobStatistics
    """All jobs together."""
    jobs: list[JobStatistics]
    """Each that ended in the period, by name."""
    queues: list[QueueDetails]
    running: list[Run]
    """The latest to start."""
    failed: list[Run]
    workers: list[Worker]


def overview(*, period: timedelta, limit: int) -> Overview:
    """Return how it stands now; ends and failures are those of the period, runs are at most `limit` of a kind."""
    now = timezone.now()
    ended, jobs = statistics_of_period(period=period, now=now)
    return Overview(
        at=now,
        ended=ended,
        jobs=jobs,
        queues=all_queues(),
        running=list(listed().running().order_by("-started_at")[:limit]),
        failed=failures(since=now - period, limit=limit),
        workers=all_workers(),
    )
