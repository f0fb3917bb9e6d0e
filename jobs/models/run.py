"""A run: one requested execution of a job, and the truth about it. Only the ledger changes its state."""

from __future__ import annotations

import os
from collections.abc import Iterator
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property
from django_celery_beat.models import PeriodicTask

from jobs.dialect import Among
from jobs.identifiers import new_run_id
from jobs.models.worker import Worker
from jobs.states import TIMED, UNFINISHED, UNSUCCESSFUL, WAITING, State
from jobs.wire import WireField


class Cause(models.TextChoices):
    """What asked for a run."""

    SCHEDULE = "schedule", "schedule"
    API = "api", "API"
    CLI = "cli", "command line"
    ADMIN = "admin", "admin"
    CODE = "code", "code"
    PARENT = "parent", "parent run"
    REPLAY = "replay", "replay"
    FOREIGN = "foreign", "foreign Celery client"


class WaitsFor(models.TextChoices):
    """What a run waits for beyond its time and its queue."""

    CHILDREN = "children", "its children"
    REPLACEMENT = "replacement", "what replaces it"


# Each in the words of one of the partial indexes, where the state alone would be a scan of the table; none twice.
QUEUED_PARTS = (
    Q(state=State.QUEUED, published_at=None, is_packed=False),
    Q(state=State.QUEUED, published_at__isnull=False, is_packed=False),
    Q(state=State.QUEUED, is_packed=True),
)

# Whose turn it is among a tenant's, and how the indexes of what waits are sorted; then all tenants', one after another.
URGENT_FIRST = ("-priority", "created_at", "id")
BY_TENANT = ("tenant", *URGENT_FIRST)


class RunQuerySet(models.QuerySet["Run"]):
    """The questions asked of runs."""

    def any_in_order(self, first: str, *rest: str) -> bool:
        """Whether there is one, sought in the order of an index.

        `exists()` drops the order, and PostgreSQL reads the whole table for it while its statistics, which are minutes
        old, tell of many.
        """
        return self.order_by(first, *rest).values_list("pk").first() is not None

    def each(self, column: str) -> Iterator[str]:
        """Yield each value of a column that is never NULL once, however many rows have it.

        By seeks in an index that goes on with it after the columns that are filtered by.
        """
        values = self.order_by(column).values_list(column, flat=True)
        value = values.first()
        while value is not None:
            yield value
            value = values.filter(**{f"{column}__gt": value}).first()

    def unfinished(self) -> RunQuerySet:
        """Filter to runs that still have something to come."""
        return self.filter(Among("state", sorted(UNFINISHED)))

    def waiting(self) -> RunQuerySet:
        """Filter to runs that have not been claimed."""
        return self.unfinished().filter(state__in=WAITING)

    def timed(self) -> RunQuerySet:
        """Filter to runs that wait for a time."""
        return self.filter(Among("state", TIMED))

    def running(self) -> RunQuerySet:
        """Filter to claimed runs."""
        return self.filter(state=State.RUNNING)

    def running_here(self, *workers: UUID | None) -> RunQuerySet:
        """Filter to the runs that this very process has claimed, as one of these nodes."""
        return self.running().filter(worker__in=workers, process_id=os.getpid())

    def dead_letters(self) -> RunQuerySet:
        """Filter to failed runs that wait for a person."""
        return self.filter(state=State.FAILED, resolved_at=None)


class Run(models.Model):
    """One requested execution of a job; its id is the Celery task id."""

    id = models.UUIDField(primary_key=True, default=new_run_id, editable=False)
    job = models.CharField(max_length=200, help_text="Name of the job, as registered with Celery.")
    queue = models.CharField(max_length=100, default="base", help_text="Queue its messages go to.")
    priority = models.SmallIntegerField(default=0, help_text="Higher starts first within a queue (0-9).")
    state = models.CharField(max_length=9, choices=[(s, s.title()) for s in State], default=State.QUEUED)
    args = WireField(default=list, blank=True, help_text="Positional arguments; sensitive ones encrypted.")
    kwargs = WireField(default=dict, blank=True, help_text="Keyword arguments; sensitive ones encrypted.")
    options = WireField(default=dict, blank=True, help_text="Celery message options: links, chain, headers.")

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="runs",
        db_index=False,
        help_text="User on whose behalf it runs; empty for the system.",
    )
    cause = models.CharField(max_length=10, choices=Cause.choices, default=Cause.CODE, help_text="What asked for it.")
    schedule = models.ForeignKey(
        PeriodicTask,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="runs",
        db_index=False,
        help_text="Schedule that created it.",
    )
    fire_at = models.DateTimeField(null=True, blank=True, help_text="When the schedule was due.")
    tenant = models.CharField(max_length=100, blank=True, default="", help_text="Whose fair share it uses.")

    created_at = models.DateTimeField(help_text="When it was enqueued.")
    run_at = models.DateTimeField(help_text="Not before this time.")
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Not started after this time.")
    published_at = models.DateTimeField(null=True, blank=True, help_text="When its message last went to the broker.")
    started_at = models.DateTimeField(null=True, blank=True, help_text="When the latest attempt was claimed.")
    finished_at = models.DateTimeField(null=True, blank=True, help_text="When it reached a final state.")

    attempt = models.PositiveIntegerField(default=0, help_text="Attempts so far.")
    max_attempts = models.PositiveIntegerField(default=1, help_text="Attempts allowed.")
    token = models.PositiveBigIntegerField(default=0, help_text="Fencing token, raised by every claim.")
    worker = models.ForeignKey(
        Worker,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="runs",
        db_index=False,
        help_text="Worker of the latest attempt.",
    )

    process_id = models.PositiveIntegerField(null=True, blank=True, help_text="Process of the latest attempt.")
    correlation_id = models.CharField(max_length=64, help_text="Ties logs, rows, messages and children together.")
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children", db_index=False
    )
    root_id = models.UUIDField(null=True, blank=True, help_text="First ancestor.")
    waits_for = models.CharField(max_length=11, choices=WaitsFor.choices, blank=True, default="")
    is_packed = models.BooleanField(
        default=False, db_default=False, help_text="Has no message of its own: a bell rings for many such runs."
    )
    unique_key = models.CharField(max_length=200, null=True, blank=True, help_text="One unfinished run per key.")
    concurrency_key = models.CharField(max_length=200, null=True, blank=True, help_text="Shares a limit by this key.")
    concurrency_limit = models.PositiveSmallIntegerField(default=1, help_text="Runs of the key at once.")
    rate_key = models.CharField(max_length=200, null=True, blank=True, help_text="Shares a rate limit by this key.")
    rate_reserved = models.BooleanField(default=False, help_text="run_at is a start it has reserved.")
    concurrency_slot = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Slot held while running.")

    progress = models.JSONField(null=True, blank=True, help_text='{"done": int, "total": int | null, "note": str}.')
    checkpoint = WireField(null=True, blank=True, help_text="Where a further attempt goes on.")
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    cpu_seconds = models.FloatField(null=True, blank=True, help_text="CPU of the latest attempt, in seconds.")
    max_rss = models.PositiveBigIntegerField(null=True, blank=True, help_text="Peak memory of its process, in bytes.")

    error_kind = models.CharField(max_length=200, blank=True, default="", help_text="Exception type, TIMEOUT or LOST.")
    error_message = models.TextField(blank=True, default="")
    error_fingerprint = models.CharField(max_length=32, blank=True, default="", help_text="Groups alike errors.")
    attempts = models.JSONField(default=list, blank=True, help_text="How each attempt ended, oldest first; bounded.")
    resolved_at = models.DateTimeField(null=True, blank=True, help_text="When a dead letter was replayed or discarded.")
    reason = models.CharField(max_length=200, blank=True, default="", help_text="Why it waits, was skipped or missed.")
    code_version = models.CharField(max_length=64, blank=True, default="", help_text="Version that enqueued it.")

    objects = RunQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["queue", "published_at"],
                name="run_published",
                condition=Q(state=State.QUEUED, published_at__isnull=False),
            ),
            models.Index(fields=["run_at"], name="run_due", condition=Q(state__in=TIMED)),
            models.Index(fields=["worker"], name="run_running", condition=Q(state=State.RUNNING)),
            # By time and not by id alone: the ids of foreign Celery clients are random.
            models.Index(fields=["-created_at", "-id"], name="run_newest"),
            models.Index(fields=["job", "-created_at", "-id"], name="run_by_job"),
            # An entry at the end of a run's life costs a third of one for each of its updates; see keyset's parts.
            models.Index(
                fields=["queue", "-created_at", "-id"], name="run_by_queue", condition=Q(finished_at__isnull=False)
            ),
            models.Index(
                fields=["cause", "-created_at", "-id"], name="run_by_cause", condition=Q(finished_at__isnull=False)
            ),
            models.Index(
                fields=["error_fingerprint", "job", "finished_at"],
                name="run_dead_letter",
                condition=Q(state=State.FAILED, resolved_at=None),
            ),
            models.Index(fields=["finished_at"], name="run_finished", condition=Q(finished_at__isnull=False)),
            models.Index(fields=["finished_at"], name="run_failed", condition=Q(state=State.FAILED)),
            models.Index(
                fields=["owner", "finished_at"],
                name="run_failed_of_owner",
                condition=Q(state=State.FAILED, owner__isnull=False),
            ),
            models.Index(fields=["-created_at", "-id"], name="run_unfinished", condition=Q(finished_at=None)),
            models.Index(
                fields=["state", "-created_at", "-id"],
                name="run_unsuccessful",
                condition=Q(state__in=sorted(UNSUCCESSFUL)),
            ),
            models.Index(fields=["correlation_id"], name="run_by_correlation"),
            models.Index(fields=["owner", "-created_at", "-id"], name="run_by_owner", condition=Q(owner__isnull=False)),
            models.Index(
                fields=["schedule", "-created_at", "-id"], name="run_of_schedule", condition=Q(schedule__isnull=False)
            ),
            models.Index(
                fields=["schedule"],
                name="run_of_schedule_unfinished",
                condition=Q(state__in=sorted(UNFINISHED), schedule__isnull=False),
            ),
            # For keys that begin alike, whatever the database's collation.
            models.Index(
                fields=["unique_key"],
                name="run_by_key",
                opclasses=["varchar_pattern_ops"],
                condition=Q(state__in=sorted(UNFINISHED), unique_key__isnull=False),
            ),
            models.Index(
                fields=["parent", "created_at", "id"], name="run_of_parent", condition=Q(parent__isnull=False)
            ),
            models.Index(
                fields=["queue", *BY_TENANT],
                name="run_waiting",
                condition=Q(state=State.QUEUED, published_at=None, is_packed=False),
            ),
            models.Index(
                fields=["queue", "job", *BY_TENANT],
                name="run_packed",
                condition=Q(state=State.QUEUED, is_packed=True),
            ),
            models.Index(
                fields=["concurrency_key", *URGENT_FIRST],
                name="run_of_key",
                condition=Q(state__in=sorted(UNFINISHED), concurrency_key__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["schedule", "fire_at"], name="run_one_per_tick", condition=Q(fire_at__isnull=False)
            ),
            models.UniqueConstraint(
                fields=["unique_key"],
                name="run_unique_unfinished",
                condition=Q(state__in=sorted(UNFINISHED), unique_key__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["concurrency_key", "concurrency_slot"],
                name="run_one_per_slot",
                condition=Q(state=State.RUNNING, concurrency_key__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.job} {self.id}"

    @property
    def task_id(self) -> str:
        """The id under which Celery and its result backend know the run: a foreign client's own is any text."""
        return str((self.options or {}).get("task_id") or self.text_id)

    @cached_property
    def text_id(self) -> str:
        """Its id as a text, made once: it is asked for several times in each attempt."""
        return str(self.id)
