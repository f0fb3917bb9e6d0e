"""Preferences in the admin: how each user wants to be told; secret addresses go in and come out masked."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from unfold.widgets import UnfoldAdminTextareaWidget

from jobs.admin.recorded import Recorded
from jobs.admin.themed import ModelAdmin, ModelForm
from jobs.markup import NOTHING
from notifications.addressing import place_of_url
from notifications.channels import APPRISE, EMAIL
from notifications.channels.apprise import problem_with
from notifications.conf import conf
from notifications.models import Preference

CHOICES = [(EMAIL, "E-mail"), (APPRISE, "Slack, Threema and others (apprise)")]


class PreferenceForm(ModelForm):  # type: ignore[type-arg]
    """Preferences with their channels to tick."""

    channels = forms.MultipleChoiceField(
        choices=CHOICES, required=False, widget=forms.CheckboxSelectMultiple, help_text="Beside the inbox."
    )
    new_urls = forms.CharField(
        label="New apprise URLs",
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "spellcheck": "false", "autocomplete": "off"}),
        help_text="One a line; they replace those there are. A single - removes all.",
    )

    def clean_new_urls(self) -> list[str] | None:
        """Refuse URLs that apprise doesn't understand, and services or parameters that reach further."""
        lines = [line.strip() for line in self.cleaned_data["new_urls"].splitlines() if line.strip()]
        if lines == ["-"]:
            return []
        for number, line in enumerate(lines, start=1):
            if problem := problem_with(line, schemes=conf().apprise_schemes):
                raise forms.ValidationError(f"Line {number}: {problem}.")
        return lines or None

    def save(self, commit: bool = True) -> Any:
        """Take over new URLs where there are any."""
        if self.cleaned_data["new_urls"] is not None:
            self.instance.apprise_urls = self.cleaned_data["new_urls"]
        return super().save(commit)


@admin.register(Preference)
class PreferenceAdmin(Recorded, ModelAdmin[Preference]):
    """Preferences; who has none gets the defaults."""

    form = PreferenceForm
    list_display = ["user", "language", "tone", "detail", "chosen_channels", "quiet", "daily_cap", "time_zone"]
    list_filter = ["language", "tone", "detail"]
    list_select_related = ["user"]
    search_fields = ["user__username", "address"]
    autocomplete_fields = ["user"]
    readonly_fields = ["places"]
    fieldsets = [
        (
            "Who and how",
            {"fields": ["user", ("language", "time_zone"), ("tone", "detail")]},
        ),
        ("Where", {"fields": ["channels", "address", "places", "new_urls"]}),
        ("What", {"fields": [("wants_briefing", "wants_run_notices")]}),
        ("How often", {"fields": [("quiet_from", "quiet_until"), ("daily_cap", "digest_from")]}),
    ]

    @admin.display(description="Channels")
    def chosen_channels(self, preference: Preference) -> str:
        """Return the channels beside the inbox."""
        return ", ".join(preference.channels) or NOTHING

    @admin.display(description="Quiet", ordering="quiet_from")
    def quiet(self, preference: Preference) -> str:
        """Return the quiet hours."""
        if preference.quiet_from is None or preference.quiet_until is None:
            return NOTHING
        return f"{preference.quiet_from:%H:%M} to {preference.quiet_until:%H:%M}"

    @admin.display(description="Apprise URLs")
    def places(self, preference: Preference) -> str:
        """Return the secret addresses, masked."""
        return ", ".join(place_of_url(url).address for url in preference.apprise_urls or []) or NOTHING
