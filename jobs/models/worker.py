"""A worker node that reports in; its heartbeat decides whether its runs are alive."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import models

from jobs import machine
from jobs.conf import conf


class WorkerQuerySet(models.QuerySet["Worker"]):
    """The questions asked of nodes."""

    def reporting(self, kind: str, *, now: datetime) -> WorkerQuerySet:
        """Filter to nodes of a kind that have neither ended nor been silent for two leases."""
        since = now - timedelta(seconds=2 * conf().lease_seconds)
        return self.filter(kind=kind, stopped_at=None, lost_at=None, heartbeat_at__gt=since)


class Worker(models.Model):
    """One start of a worker process; a restart is a new row."""

    class Kind(models.TextChoices):
        """What the process is."""

        WORKER = "worker", "Celery worker"
        BEAT = "beat", "beat"
        COMMAND = "command", "jobs run"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=7, choices=Kind.choices, default=Kind.WORKER)
    name = models.CharField(max_length=200, help_text="Celery node name, e.g. worker@host.")
    hostname = models.CharField(max_length=200)
    pid = models.PositiveIntegerField()
    queues = models.JSONField(default=list, help_text="Queues it serves.")
    concurrency = models.PositiveIntegerField(default=1, help_text="Runs it executes at once.")
    code_version = models.CharField(max_length=64, blank=True, default="")
    machine_name = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="Where its pid means this process."
    )
    process_birth = models.PositiveBigIntegerField(
        default=0, db_default=0, help_text="Start of the process in clock ticks since the machine's."
    )
    started_at = models.DateTimeField()
    heartbeat_at = models.DateTimeField(help_text="Last report, by the worker's own clock.")
    heartbeats = models.PositiveBigIntegerField(default=0, help_text="Reports so far; a still counter means silence.")
    lag_seconds = models.FloatField(default=0.0, help_text="How late its latest tick or heartbeat was.")
    cpu_cores = models.FloatField(
        null=True, blank=True, help_text="CPU it lately used with its children; 1.0 is one core kept busy."
    )
    memory_bytes = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Memory it holds with its children, what they share counted once."
    )
    rescued_runs = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Runs that were taken from it when it was gone."
    )
    stopping_at = models.DateTimeField(null=True, blank=True, help_text="Shutting down: its runs stop at a checkpoint.")
    stopped_at = models.DateTimeField(null=True, blank=True, help_text="Clean end.")
    lost_at = models.DateTimeField(null=True, blank=True, help_text="When it was found silent; it never comes back.")

    objects = WorkerQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["kind"], name="worker_live", condition=models.Q(stopped_at=None, lost_at=None)),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def session_name(self) -> str:
        """What its database sessions are called."""
        return f"daybook-{self.kind}-{self.pk}"

    @property
    def process(self) -> machine.Process:
        """Its process, as its own machine sees it."""
        return machine.Process(self.pid, self.process_birth)
