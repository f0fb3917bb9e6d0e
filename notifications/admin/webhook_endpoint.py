"""Webhook endpoints in the admin, and the wishes to be told of a run; the secret shows once, when it is made."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.safestring import SafeString

from jobs.admin.recorded import Recorded
from jobs.admin.themed import ModelAdmin
from jobs.markup import badge, moment, run_link, two_lines
from notifications.admin.short_lists import ON_ONE_LINE
from notifications.models import RunWish, WebhookEndpoint


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(Recorded, ModelAdmin[WebhookEndpoint]):
    """Receivers of run events; their delivery log is under Deliveries."""

    list_display = ["name_and_url", "health", "wanted", "waiting"]
    list_filter = ["is_active"]
    search_fields = ["name", "url"]
    formfield_overrides = ON_ONE_LINE
    readonly_fields = ["health", "since", "disabled_reason"]
    fields = ["name", "url", "jobs", "states", "is_active", "health", "since", "disabled_reason"]

    def save_model(self, request: HttpRequest, obj: WebhookEndpoint, form: Any, change: bool) -> None:
        """Save; a fresh endpoint's secret is told this once; who switches one on again gives it a fresh start."""
        if obj.is_active and "is_active" in form.changed_data:
            obj.failing_since, obj.disabled_reason = None, ""
        super().save_model(request, obj, form, change)
        if not change:
            messages.warning(request, f"Signing secret, shown only now: {obj.secret}")

    @admin.display(description="Endpoint", ordering="name")
    def name_and_url(self, endpoint: WebhookEndpoint) -> SafeString:
        """Return the name over the URL."""
        return two_lines(endpoint.name, endpoint.url)

    @admin.display(description="State")
    def health(self, endpoint: WebhookEndpoint) -> SafeString:
        """Return whether it takes what is sent."""
        if not endpoint.is_active:
            return badge("Off", tone="quiet")
        return badge("Failing", tone="bad") if endpoint.failing_since else badge("On", tone="good")

    @admin.display(description="Failing since")
    def since(self, endpoint: WebhookEndpoint) -> SafeString:
        """Return since when it takes nothing."""
        return moment(endpoint.failing_since)

    @admin.display(description="Told of")
    def wanted(self, endpoint: WebhookEndpoint) -> SafeString:
        """Return which jobs and states."""
        return two_lines(", ".join(endpoint.jobs) or "all jobs", ", ".join(endpoint.states) or "all ends")

    @admin.display(description="Waiting")
    def waiting(self, endpoint: WebhookEndpoint) -> int:
        """Return how many deliveries wait."""
        return endpoint.deliveries.filter(state="pending").count()


@admin.register(RunWish)
class RunWishAdmin(Recorded, ModelAdmin[RunWish]):
    """Who wants to be told when which run ends."""

    list_display = ["run", "user", "created_at"]
    list_select_related = ["user"]
    autocomplete_fields = ["user"]

    @admin.display(description="Run")
    def run(self, wish: RunWish) -> SafeString:
        """Return a link to the run."""
        return run_link(wish.run_id)
