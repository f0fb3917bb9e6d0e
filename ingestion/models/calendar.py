"""A calendar of a user: where it is, how far it has been read, and the calendar objects found there."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from ingestion.models.consent import Consent
from jobs.encryption import EncryptedJSONField


class CalendarQuerySet(models.QuerySet["Calendar"]):
    """The questions asked of calendars."""

    def active(self) -> CalendarQuerySet:
        """Filter to calendars that are synced."""
        return self.filter(is_active=True)


class Calendar(models.Model):
    """One calendar of one user."""

    class Provider(models.TextChoices):
        """What kind of place it is; each has a module in ingestion/calendars."""

        ICS = "ics", ".ics file"
        CALDAV = "caldav", "CalDAV collection"
        GOOGLE = "google", "Google Calendar"
        GRAPH = "graph", "Microsoft 365 calendar"

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="calendars")
    provider = models.CharField(max_length=10, choices=Provider.choices)
    name = models.CharField(max_length=200, blank=True, default="")
    location = models.CharField(max_length=500, help_text="Path, URL without password, or the provider's calendar id.")
    zone = models.CharField(max_length=64, default="UTC", help_text="IANA zone of times that name none.")
    credentials = EncryptedJSONField(null=True, blank=True, help_text='{"username": str, "password": str}.')
    consent = models.ForeignKey(Consent, null=True, blank=True, on_delete=models.SET_NULL, related_name="calendars")
    is_active = models.BooleanField(default=True, help_text="Synced on schedule.")
    is_archive = models.BooleanField(
        default=False, help_text="Holds copies of past events; its events aren't expanded."
    )
    cursor = models.JSONField(default=dict, blank=True, help_text="How far it has been read; the provider's own form.")
    last_synced_at = models.DateTimeField(null=True, blank=True, help_text="End of the last complete sync.")
    last_error = models.TextField(blank=True, default="", help_text="Why the last sync failed; empty: it didn't.")
    disabled_reason = models.CharField(max_length=200, blank=True, default="", help_text="Why it is not active.")
    retry_at = models.DateTimeField(null=True, blank=True, help_text="The provider asked to be left alone until then.")
    notified_at = models.DateTimeField(null=True, blank=True, help_text="When the provider last told of a change.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = CalendarQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "provider", "location"], name="calendar_once_per_owner"),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.provider} {self.location}"


class CalendarSeries(models.Model):
    """One calendar object as its provider holds it: an event, or a recurring one with all its exceptions."""

    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="series", db_index=False)
    provider_key = models.CharField(max_length=255, help_text="What the provider calls it; once per calendar.")
    uid = models.CharField(max_length=255, help_text="UID of RFC 5545.")
    version = models.CharField(max_length=255, blank=True, default="", help_text="ETag or the like: changes with it.")
    source = models.TextField(help_text="iCalendar text, or the provider's JSON.")
    is_recurring = models.BooleanField(default=False)
    expanded_until = models.DateTimeField(
        null=True, blank=True, help_text="Its events are there up to then; empty: not expanded yet, or all are there."
    )
    error = models.CharField(max_length=500, blank=True, default="", help_text="Why it can't be read; empty: it can.")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "calendar series"
        constraints = [
            models.UniqueConstraint(fields=["calendar", "provider_key"], name="series_once_per_calendar"),
        ]
        indexes = [models.Index(fields=["calendar", "uid"], name="series_by_uid")]

    def __str__(self) -> str:
        return self.uid
