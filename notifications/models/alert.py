"""Something operators must know: one row per thing that is wrong, however often it happens."""

from __future__ import annotations

from django.db import models


class Alert(models.Model):
    """One thing that is wrong."""

    class Kind(models.TextChoices):
        """What is wrong."""

        FAILURE = "failure", "run failed"
        REPEATED = "repeated", "fails again and again"
        DEAD_LETTERS = "dead_letters", "dead letters pile up"
        MISSED = "missed", "run missed"
        NO_WORKER = "no_worker", "no worker"
        BUDGET = "budget", "budget spent"
        WEBHOOK = "webhook", "webhook disabled"

    kind = models.CharField(max_length=20, choices=Kind.choices)
    key = models.CharField(max_length=200, unique=True, help_text="The same thing has the same key.")
    title = models.CharField(max_length=200)
    text = models.TextField(blank=True, default="")
    count = models.PositiveIntegerField(default=1, help_text="How often it was seen.")
    run_id = models.UUIDField(null=True, blank=True, help_text="The latest run concerned.")
    correlation_id = models.CharField(max_length=64, blank=True, default="")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True, help_text="When operators were last told.")
    told_count = models.PositiveIntegerField(default=0, help_text="`count` at that time.")

    class Meta:
        indexes = [models.Index(fields=["-last_at"], name="alert_latest")]

    def __str__(self) -> str:
        return self.title


class Watermark(models.Model):
    """How far a watcher has read what the engine did."""

    name = models.CharField(max_length=50, primary_key=True)
    at = models.DateTimeField()
    seen = models.JSONField(default=list, help_text="Ids of runs shortly before, that were counted: [str].")

    def __str__(self) -> str:
        return f"{self.name}: {self.at:%FT%TZ}"
