"""One thing in a user's calendar at one time; a recurring one has a row per occurrence within the window."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from ingestion.models.calendar import Calendar, CalendarSeries


class CalendarEvent(models.Model):
    """One occurrence."""

    class Status(models.TextChoices):
        """RFC 5545, 3.8.1.11."""

        CONFIRMED = "confirmed", "confirmed"
        TENTATIVE = "tentative", "tentative"
        CANCELLED = "cancelled", "cancelled"

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="calendar_events", db_index=False
    )
    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="events", db_index=False)
    series = models.ForeignKey(CalendarSeries, on_delete=models.CASCADE, related_name="events", db_index=False)
    uid = models.CharField(max_length=255, help_text="UID of RFC 5545, the same in all occurrences.")
    occurrence = models.CharField(
        max_length=40,
        blank=True,
        default="",
        help_text="Original start in UTC, such as 20260501T080000Z; empty: single.",
    )
    title = models.CharField(max_length=1000, blank=True, default="")
    description = models.TextField(blank=True, default="")
    place = models.CharField(max_length=1000, blank=True, default="")
    starts_at = models.DateTimeField(help_text="An all-day event starts at midnight of its zone.")
    ends_at = models.DateTimeField(help_text="Exclusive.")
    is_all_day = models.BooleanField(default=False)
    zone = models.CharField(max_length=64, blank=True, default="", help_text="IANA zone it is held in.")
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.CONFIRMED)
    is_private = models.BooleanField(default=False)
    is_exception = models.BooleanField(default=False, help_text="Differs from its recurring event.")
    organizer_name = models.CharField(max_length=320, blank=True, default="")
    organizer_address = models.CharField(max_length=320, blank=True, default="", help_text="Lower case.")
    attendees = models.JSONField(
        default=list,
        blank=True,
        help_text='[{"name": str, "address": str, "answer": "accepted" | "declined" | "tentative" | "none"}].',
    )
    ingested_by = models.UUIDField(null=True, blank=True, help_text="Run that stored it.")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["series", "uid", "occurrence"], name="event_once_per_occurrence"),
        ]
        indexes = [
            models.Index(fields=["owner", "starts_at"], name="event_by_start"),
            models.Index(fields=["calendar", "starts_at"], name="event_of_calendar"),
        ]

    def __str__(self) -> str:
        return self.title or "(no title)"
