"""Threema registrations in the admin; the token shows once, when it is made."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.safestring import SafeString

from jobs.admin.recorded import Recorded
from jobs.admin.themed import ModelAdmin
from jobs.markup import badge, moment
from notifications import operations
from notifications.conf import conf
from notifications.models import ThreemaIntegration


@admin.register(ThreemaIntegration)
class ThreemaIntegrationAdmin(Recorded, ModelAdmin[ThreemaIntegration]):
    """Registrations."""

    list_display = ["user", "progress", "threema_id", "made"]
    list_select_related = ["user"]
    search_fields = ["user__username", "threema_id"]
    autocomplete_fields = ["user"]
    fields = ["user"]

    def has_change_permission(self, request: HttpRequest, obj: ThreemaIntegration | None = None) -> bool:
        """Let nobody edit one: it is made, activated by the gateway, deleted."""
        return False

    def save_model(self, request: HttpRequest, obj: ThreemaIntegration, form: Any, change: bool) -> None:
        """Start a registration and tell its token this once."""
        token = operations.start_threema(obj.user)
        obj.pk = ThreemaIntegration.objects.filter(user=obj.user).latest("pk").pk
        sender = conf().threema_gateway_id or "our gateway"
        messages.warning(request, f"Token, shown only now; to be sent to {sender} by Threema within a day: {token}")

    @admin.display(description="State")
    def progress(self, integration: ThreemaIntegration) -> SafeString:
        """Return whether the token came back."""
        return badge("Active", tone="good") if integration.activated_at else badge("Pending", tone="info")

    @admin.display(description="Created", ordering="created_at")
    def made(self, integration: ThreemaIntegration) -> SafeString:
        """Return how long ago."""
        return moment(integration.created_at)
