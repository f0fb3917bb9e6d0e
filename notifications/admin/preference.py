"""Preferences in the admin: how each user wants to be told."""

from __future__ import annotations

from django.contrib import admin

from jobs.admin.themed import ModelAdmin
from jobs.markup import NOTHING
from notifications.models import Preference


@admin.register(Preference)
class PreferenceAdmin(ModelAdmin[Preference]):
    """Preferences; who has none gets the defaults."""

    list_display = ["user", "language", "tone", "detail", "chosen_channels", "time_zone"]
    list_filter = ["language", "tone", "detail"]
    list_select_related = ["user"]
    search_fields = ["user__username", "address"]
    autocomplete_fields = ["user"]

    @admin.display(description="Channels")
    def chosen_channels(self, preference: Preference) -> str:
        """Return the channels beside the inbox."""
        return ", ".join(preference.channels) or NOTHING
