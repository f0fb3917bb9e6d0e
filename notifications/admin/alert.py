"""Alerts in the admin: what was or is wrong, how often, and when operators were told; to look at."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from jobs.admin.read_only import ReadOnlyAdmin
from jobs.markup import badge, clipped, code, moment, run_link, two_lines
from notifications.models import Alert


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin[Alert]):
    """Alerts."""

    list_display = ["what", "kind_badge", "count", "latest", "first", "told"]
    list_filter = ["kind"]
    search_fields = ["title", "text", "correlation_id"]
    ordering = ["-last_at"]
    fields = ["title", "kind_badge", "details", ("count", "first", "latest", "told"), "run", "correlation_id"]
    readonly_fields = ["kind_badge", "details", "first", "latest", "told", "run"]

    @admin.display(description="Alert", ordering="title")
    def what(self, alert: Alert) -> SafeString:
        """Return the title over the text."""
        return two_lines(clipped(alert.title), clipped(alert.text))

    @admin.display(description="Kind", ordering="kind")
    def kind_badge(self, alert: Alert) -> SafeString:
        """Return what is wrong."""
        return badge(alert.get_kind_display().capitalize(), tone="bad")

    @admin.display(description="Text")
    def details(self, alert: Alert) -> SafeString:
        """Return all that was said."""
        return code(alert.text)

    @admin.display(description="Latest", ordering="last_at")
    def latest(self, alert: Alert) -> SafeString:
        """Return how long ago it was last seen."""
        return moment(alert.last_at)

    @admin.display(description="First", ordering="first_at")
    def first(self, alert: Alert) -> SafeString:
        """Return how long ago it was first seen."""
        return moment(alert.first_at)

    @admin.display(description="Told", ordering="told_at")
    def told(self, alert: Alert) -> SafeString:
        """Return how long ago operators were told."""
        return moment(alert.told_at)

    @admin.display(description="Run")
    def run(self, alert: Alert) -> SafeString:
        """Return a link to the latest run concerned."""
        return run_link(alert.run_id)
