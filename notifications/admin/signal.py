"""Signals in the admin: what each user was told, and how it reached them; to look at."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from jobs.admin.read_only import ReadOnlyAdmin, ReadOnlyInline
from jobs.markup import badge, clipped, code, link, moment, run_link, two_lines
from notifications.admin.delivery import TONES
from notifications.models import Delivery, Signal


class DeliveryInline(ReadOnlyInline[Delivery]):
    """How a signal reached its user."""

    model = Delivery
    fields = ["channel", "address", "progress", "attempts", "sent_at", "error"]
    readonly_fields = ["channel", "address", "progress", "attempts", "sent_at", "error"]

    @admin.display(description="State")
    def progress(self, delivery: Delivery) -> SafeString:
        """Return how far it is."""
        return badge(delivery.get_state_display().capitalize(), tone=TONES[delivery.state])


@admin.register(Signal)
class SignalAdmin(ReadOnlyAdmin[Signal]):
    """Signals."""

    list_display = ["title_and_kind", "user", "loudness", "made", "was_read"]
    list_filter = ["kind", "importance"]
    list_select_related = ["user"]
    search_fields = ["title", "user__username"]
    ordering = ["-id"]
    inlines = [DeliveryInline]
    fields = ["title", "user", ("kind", "loudness"), "text", "words", "about", "run", ("made", "was_read")]
    readonly_fields = ["loudness", "text", "words", "about", "run", "made", "was_read"]

    @admin.display(description="Signal", ordering="title")
    def title_and_kind(self, signal: Signal) -> SafeString:
        """Return the title over what it is about."""
        return two_lines(clipped(signal.title), signal.get_kind_display())

    @admin.display(description="Importance", ordering="importance")
    def loudness(self, signal: Signal) -> SafeString:
        """Return how loud it is."""
        return badge(
            signal.get_importance_display().capitalize(), tone="bad" if signal.importance == "high" else "quiet"
        )

    @admin.display(description="Created", ordering="created_at")
    def made(self, signal: Signal) -> SafeString:
        """Return how long ago."""
        return moment(signal.created_at)

    @admin.display(description="Read", ordering="read_at")
    def was_read(self, signal: Signal) -> SafeString:
        """Return how long ago the user read it."""
        return moment(signal.read_at)

    @admin.display(description="Text")
    def text(self, signal: Signal) -> SafeString:
        """Return the text."""
        return code(signal.body)

    @admin.display(description="Words")
    def words(self, signal: Signal) -> str:
        """Return whose words these are, and why not the model's."""
        return f"{signal.worded_by or 'template'}{f' ({signal.wording_note})' if signal.wording_note else ''}"

    @admin.display(description="Mail")
    def about(self, signal: Signal) -> SafeString:
        """Return a link to the mail."""
        return link(signal.mail)

    @admin.display(description="Run")
    def run(self, signal: Signal) -> SafeString:
        """Return a link to the run that created it."""
        return run_link(signal.run_id)
