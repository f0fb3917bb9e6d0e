"""Calendars and their events in the admin; credentials go in by the command line and never come out."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from ingestion.models import Calendar, CalendarEvent, Subscription
from jobs.admin.read_only import ReadOnlyAdmin
from jobs.admin.recorded import Recorded
from jobs.admin.themed import ModelAdmin
from jobs.markup import badge, moment, two_lines


@admin.register(Calendar)
class CalendarAdmin(Recorded, ModelAdmin[Calendar]):
    """Calendars."""

    list_display = ["__str__", "owner", "provider", "health", "synced"]
    list_filter = ["provider", "is_active", "is_archive"]
    list_select_related = ["owner"]
    search_fields = ["name", "location", "owner__username"]
    autocomplete_fields = ["owner"]
    readonly_fields = ["health", "synced", "notices", "last_error", "disabled_reason", "created_at"]
    fields = ["owner", "provider", "name", "location", "zone", "is_archive", "is_active", "health", "synced", "notices",
              "last_error", "disabled_reason", "created_at"]  # fmt: skip

    @admin.display(description="State")
    def health(self, calendar: Calendar) -> SafeString:
        """Return whether syncing works."""
        if not calendar.is_active:
            return badge("Off", tone="quiet")
        return badge("Failing", tone="bad") if calendar.last_error else badge("On", tone="good")

    @admin.display(description="Last synced", ordering="last_synced_at")
    def synced(self, calendar: Calendar) -> SafeString:
        """Return how long ago the last complete sync ended."""
        return moment(calendar.last_synced_at)

    @admin.display(description="Notices until")
    def notices(self, calendar: Calendar) -> SafeString:
        """Return until when the provider promised to tell of changes, or why it doesn't."""
        subscription = Subscription.objects.filter(calendar=calendar).first()
        if subscription and subscription.last_error:
            return two_lines(badge("Refused", tone="bad"), subscription.last_error)
        return moment(subscription.expires_at if subscription else None)


@admin.register(CalendarEvent)
class CalendarEventAdmin(ReadOnlyAdmin[CalendarEvent]):
    """Events."""

    list_display = ["title", "starts_at", "ends_at", "place", "status", "is_private", "owner"]
    list_filter = ["status", "is_private", "is_all_day"]
    list_select_related = ["owner"]
    search_fields = ["title", "organizer_address", "owner__username"]
    ordering = ["-starts_at", "-id"]
