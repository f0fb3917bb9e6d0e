"""Archives in the admin: from where to where, when, and what is wrong; they are configured by the command line."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from ingestion.archive_operations import schedule_of
from ingestion.models import ArchiveConfiguration
from jobs.admin.read_only import ReadOnlyAdmin
from jobs.markup import badge, link, moment


@admin.register(ArchiveConfiguration)
class ArchiveConfigurationAdmin(ReadOnlyAdmin[ArchiveConfiguration]):
    """Archives."""

    list_display = ["__str__", "owner", "health", "schedule", "archived"]
    list_filter = ["is_active", "frequency"]
    list_select_related = ["owner", "source", "target"]
    search_fields = ["owner__username", "source__name", "target__name"]
    ordering = ["-pk"]

    @admin.display(description="State")
    def health(self, archive: ArchiveConfiguration) -> SafeString:
        """Return whether archiving works."""
        if not archive.is_active:
            return badge("Off", tone="quiet")
        return badge("Failing", tone="bad") if archive.last_error else badge("On", tone="good")

    @admin.display(description="Schedule")
    def schedule(self, archive: ArchiveConfiguration) -> SafeString:
        """Return the schedule that runs it."""
        schedule = schedule_of(archive)
        return link(schedule) if schedule else badge("None", tone="bad" if archive.is_active else "quiet")

    @admin.display(description="Last archived", ordering="last_archived_at")
    def archived(self, archive: ArchiveConfiguration) -> SafeString:
        """Return how long ago the last complete archiving ended."""
        return moment(archive.last_archived_at)
