"""A user's wish to have past events copied to an archive calendar, and what has been copied so far."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from ingestion.models.calendar import Calendar


class ArchiveConfigurationQuerySet(models.QuerySet["ArchiveConfiguration"]):
    """The questions asked of configurations."""

    def active(self) -> ArchiveConfigurationQuerySet:
        """Filter to what active users want archived."""
        return self.filter(is_active=True, owner__is_active=True)


class ArchiveConfiguration(models.Model):
    """From which calendar to which, and when."""

    class Frequency(models.TextChoices):
        """How often."""

        DAILY = "daily", "daily"
        WEEKLY = "weekly", "weekly"

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="archives")
    source = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="archived_by")
    target = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="archive_of")
    is_active = models.BooleanField(default=True)
    frequency = models.CharField(max_length=6, choices=Frequency.choices, default=Frequency.DAILY)
    weekday = models.PositiveSmallIntegerField(default=0, help_text="0 is Monday; counts where it is weekly.")
    hour = models.PositiveSmallIntegerField(default=2)
    minute = models.PositiveSmallIntegerField(default=0)
    zone = models.CharField(max_length=64, default="UTC", help_text="IANA zone of hour and minute.")
    days_back = models.PositiveSmallIntegerField(default=30, help_text="How far a scheduled archiving reaches back.")
    last_archived_at = models.DateTimeField(null=True, blank=True, help_text="End of the last complete archiving.")
    last_error = models.TextField(blank=True, default="", help_text="Why the last archiving failed; empty: it didn't.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ArchiveConfigurationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "target"], name="archive_once_per_pair"),
            models.CheckConstraint(condition=~models.Q(source=models.F("target")), name="archive_elsewhere"),
        ]

    def __str__(self) -> str:
        return f"{self.source} to {self.target}"


class ArchivedOccurrence(models.Model):
    """An event, or one occurrence of a recurring one, that the archive calendar holds."""

    configuration = models.ForeignKey(
        ArchiveConfiguration, on_delete=models.CASCADE, related_name="archived", db_index=False
    )
    uid = models.CharField(max_length=255)
    occurrence = models.CharField(max_length=40, blank=True, default="", help_text="As in CalendarEvent.")
    digest = models.CharField(max_length=64, help_text="Of what was copied; another one is copied again.")
    run_id = models.UUIDField(null=True, blank=True, help_text="Run that copied it first.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["configuration", "uid", "occurrence"], name="archived_once"),
        ]

    def __str__(self) -> str:
        return f"{self.uid} {self.occurrence}".strip()
