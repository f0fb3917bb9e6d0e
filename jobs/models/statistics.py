"""What is left of runs when they are counted: how they ended and how long they took, per job, queue and time."""

from __future__ import annotations

from django.db import models

from jobs.identifiers import new_run_id


class Tally(models.Model):
    """How a job's runs of a queue ended within a span of time that begins at `start`."""

    start = models.DateTimeField(help_text="When the span begins.")
    job = models.CharField(max_length=200)
    queue = models.CharField(max_length=100)
    succeeded = models.PositiveBigIntegerField(default=0)
    failed = models.PositiveBigIntegerField(default=0)
    cancelled = models.PositiveBigIntegerField(default=0)
    skipped = models.PositiveBigIntegerField(default=0)
    missed = models.PositiveBigIntegerField(default=0)
    retries = models.PositiveBigIntegerField(default=0, help_text="Attempts beyond each run's first.")
    seconds = models.FloatField(default=0.0, help_text="Duration of the last attempts, summed.")
    cpu_seconds = models.FloatField(default=0.0, help_text="Their CPU, summed.")
    longest_seconds = models.FloatField(default=0.0, help_text="The longest of them.")
    wait_seconds = models.FloatField(default=0.0, help_text="From when each was due to its start, summed.")
    durations = models.JSONField(default=dict, help_text="Histogram of the durations: {bucket: count}.")
    waits = models.JSONField(default=dict, help_text="Histogram of the waits: {bucket: count}.")
    last_finished_at = models.DateTimeField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.job} from {self.start:%F %R}"


class MinuteTally(Tally):
    """A minute's ends; kept about a day."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["start", "job", "queue"], name="minute_tally_once")]


class HourTally(Tally):
    """An hour's ends: the sum of its minutes. What grew too old is added up in one row that starts in 1970."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["start", "job", "queue"], name="hour_tally_once")]
        indexes = [models.Index(fields=["job", "start"], name="hour_tally_by_job")]


class DayTally(Tally):
    """A day's ends in UTC, once it is over: the sum of its hours, which are kept beside it."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["start", "job", "queue"], name="day_tally_once")]


class EarlierEnd(models.Model):
    """An end that a replay took back from its run's row; kept until it is counted for good."""

    id = models.UUIDField(primary_key=True, default=new_run_id, editable=False)
    job = models.CharField(max_length=200)
    queue = models.CharField(max_length=100)
    state = models.CharField(max_length=9)
    run_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(db_index=True)
    attempt = models.PositiveIntegerField(default=0)
    cpu_seconds = models.FloatField(null=True)

    def __str__(self) -> str:
        return f"{self.job} {self.state}"


class CountedUntil(models.Model):
    """Up to when all ends are counted; its row lock lets one beat count at a time."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField(help_text="Everything that finished before is in the tallies.")
    recounted = models.PositiveSmallIntegerField(default=0, help_text="How many minutes back the last recount was.")

    def __str__(self) -> str:
        return f"{self.at:%F %T}"


class Clearing(models.Model):
    """Since when a job's ends count; an empty name stands for all jobs."""

    job = models.CharField(max_length=200, primary_key=True)
    cleared_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.job or 'all jobs'} cleared"
