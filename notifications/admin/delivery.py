"""Deliveries in the admin: what went where, and what didn't; to look at."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from jobs.admin.read_only import ReadOnlyAdmin
from jobs.markup import badge, clipped, link, moment, run_link, two_lines
from notifications.models import Delivery

TONES = {"pending": "info", "sending": "busy", "sent": "good", "failed": "bad"}


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin[Delivery]):
    """Deliveries."""

    list_display = ["what_and_where", "progress", "attempts", "made", "went_out", "remark"]
    list_filter = ["state", "channel"]
    list_select_related = ["signal"]
    search_fields = ["address", "signal__title"]
    ordering = ["-id"]
    fields = ["about", ("channel", "address"), ("progress", "attempts", "unanswered"), "error",
              ("next_attempt_at", "claimed_at", "went_out"), "run", "made"]  # fmt: skip
    readonly_fields = ["about", "progress", "went_out", "run", "made"]

    @admin.display(description="Delivery", ordering="address")
    def what_and_where(self, delivery: Delivery) -> SafeString:
        """Return what it is about over where it goes."""
        return two_lines(clipped(str(delivery.signal)), f"{delivery.channel} to {delivery.address}")

    @admin.display(description="State", ordering="state")
    def progress(self, delivery: Delivery) -> SafeString:
        """Return how far it is."""
        return badge(delivery.get_state_display().capitalize(), tone=TONES[delivery.state])

    @admin.display(description="Created", ordering="created_at")
    def made(self, delivery: Delivery) -> SafeString:
        """Return how long ago."""
        return moment(delivery.created_at)

    @admin.display(description="Sent", ordering="sent_at")
    def went_out(self, delivery: Delivery) -> SafeString:
        """Return how long ago the receiver accepted it."""
        return moment(delivery.sent_at)

    @admin.display(description="Error")
    def remark(self, delivery: Delivery) -> SafeString:
        """Return what went wrong at the latest attempt."""
        return clipped(delivery.error)

    @admin.display(description="Signal")
    def about(self, delivery: Delivery) -> SafeString:
        """Return a link to the signal."""
        return link(delivery.signal)

    @admin.display(description="Run")
    def run(self, delivery: Delivery) -> SafeString:
        """Return a link to the run of the latest attempt."""
        return run_link(delivery.run_id)
