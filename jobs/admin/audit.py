"""The audit log in the admin: who did what, and how it was before and after; to read only."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from jobs.admin.read_only import ReadOnlyAdmin
from jobs.markup import as_json, code, moment, two_lines
from jobs.models import AuditEntry


@admin.register(AuditEntry)
class AuditAdmin(ReadOnlyAdmin[AuditEntry]):
    """Acts of people."""

    list_display = ["when", "who", "action", "target", "change"]
    list_filter = ["face", "action"]
    search_fields = ["=target", "=actor"]
    search_help_text = "Whole run id, queue, job or person"
    ordering = ["-at"]
    show_full_result_count = False
    fields = ["at", "who", "action", "target", "before_shown", "after_shown"]
    readonly_fields = ["who", "before_shown", "after_shown"]

    @admin.display(description="When", ordering="at")
    def when(self, entry: AuditEntry) -> SafeString:
        """Return how long ago."""
        return moment(entry.at)

    @admin.display(description="Who")
    def who(self, entry: AuditEntry) -> SafeString:
        """Return the person over the face."""
        return two_lines(entry.actor, entry.face)

    @admin.display(description="Change")
    def change(self, entry: AuditEntry) -> str:
        """Return what became of what."""
        return f"{_words(entry.before)} → {_words(entry.after)}"

    @admin.display(description="Before")
    def before_shown(self, entry: AuditEntry) -> SafeString:
        """Return how it was."""
        return code(as_json(entry.before))

    @admin.display(description="After")
    def after_shown(self, entry: AuditEntry) -> SafeString:
        """Return how it became."""
        return code(as_json(entry.after))


def _words(values: dict[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items()) or "nothing"
