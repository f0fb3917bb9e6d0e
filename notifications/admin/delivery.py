"""Deliveries in the admin: what went where, and what didn't; to look at."""

from __future__ import annotations

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.safestring import SafeString

from jobs.admin.read_only import ReadOnlyAdmin
from jobs.markup import NOTHING, badge, clipped, code, link, moment, run_link, two_lines
from notifications import operations
from notifications.models import Delivery
from notifications.models.delivery import DeliveryQuerySet

TONES = {
    "pending": "info",
    "sending": "busy",
    "sent": "good",
    "failed": "bad",
    "unknown": "warn",
    "bundled": "quiet",
}


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin[Delivery]):
    """Deliveries."""

    list_display = ["what_and_where", "progress", "attempts", "made", "went_out", "remark"]
    list_filter = ["state", "channel", "endpoint"]
    list_select_related = ["signal"]
    search_fields = ["address", "title", "signal__title"]
    actions = ["send_again"]
    ordering = ["-id"]
    fields = ["about", "content", ("channel", "address"), ("progress", "attempts", "unanswered"), "error",
              "digest", ("next_attempt_at", "claimed_at", "went_out"), "run", "made"]  # fmt: skip
    readonly_fields = ["about", "content", "digest", "progress", "went_out", "run", "made"]

    def has_send_again_permission(self, request: HttpRequest) -> bool:
        """Whether who asks may let something go out anew."""
        return request.user.has_perm("notifications.change_delivery")

    @admin.action(description="Send again", permissions=["send_again"])
    def send_again(self, request: HttpRequest, chosen: DeliveryQuerySet) -> None:
        """Let what failed, or may have, be tried anew."""
        wanted, done = chosen.count(), operations.send_again(chosen)
        if done:
            messages.success(request, f"{done} of {wanted} will be tried again.")
        else:
            messages.warning(request, "None of these failed or is uncertain, or a run holds the content.")

    @admin.display(description="Delivery", ordering="address")
    def what_and_where(self, delivery: Delivery) -> SafeString:
        """Return what it is about over where it goes."""
        return two_lines(clipped(delivery.heading), f"{delivery.channel} to {delivery.address}")

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

    @admin.display(description="Text")
    def content(self, delivery: Delivery) -> SafeString:
        """Return what it says."""
        return two_lines(delivery.heading, code(delivery.text)) if delivery.heading else NOTHING

    @admin.display(description="Digest")
    def digest(self, delivery: Delivery) -> SafeString:
        """Return a link to the digest it went with."""
        return link(delivery.bundled_into)

    @admin.display(description="Run")
    def run(self, delivery: Delivery) -> SafeString:
        """Return a link to the run of the latest attempt."""
        return run_link(delivery.run_id)
