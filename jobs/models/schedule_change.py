"""What was changed about a schedule through Daybook, by whom, and how it stood before; SQL edits leave no row here."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django_celery_beat.models import PeriodicTask

from jobs.models.run import Cause


class Action(models.TextChoices):
    """What was done to a schedule."""

    CREATED = "created", "created"
    EDITED = "edited", "edited"
    PAUSED = "paused", "paused"
    RESUMED = "resumed", "resumed"
    DELETED = "deleted", "deleted"
    REVERTED = "reverted", "reverted"


class ScheduleChange(models.Model):
    """One edit of one schedule; it outlives the schedule."""

    schedule = models.ForeignKey(
        PeriodicTask,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="changes",
        db_index=False,
        # An older version of the code, or SQL, must be able to delete a schedule that has changes.
        db_constraint=False,
        help_text="Empty once it is deleted.",
    )
    name = models.CharField(max_length=200, help_text="The schedule's name when this was done.")
    at = models.DateTimeField(help_text="When it was done.")
    action = models.CharField(max_length=8, choices=Action.choices, help_text="What was done.")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    asker = models.CharField(max_length=200, help_text="Who, in words; stays when the user is gone.")
    cause = models.CharField(max_length=10, choices=Cause.choices, help_text="Through what it was asked.")
    before = models.JSONField(default=dict, help_text="Changed settings by name, as they were; secrets encrypted.")
    after = models.JSONField(default=dict, help_text="The same settings afterwards.")
    reverts = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )

    class Meta:
        indexes = [
            models.Index(fields=["schedule", "-id"], name="change_of_schedule"),
            models.Index(fields=["name", "-id"], name="change_by_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.action}"
