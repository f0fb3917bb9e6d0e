"""Mailboxes in the admin; credentials go in by the command line and never come out."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from ingestion.models import Account, Subscription
from jobs.admin.recorded import Recorded
from jobs.admin.themed import ModelAdmin
from jobs.markup import badge, moment, two_lines


@admin.register(Account)
class AccountAdmin(Recorded, ModelAdmin[Account]):
    """Mailboxes."""

    list_display = ["place", "owner", "provider", "health", "synced"]
    list_filter = ["provider", "is_active"]
    list_select_related = ["owner"]
    search_fields = ["location", "address", "owner__username"]
    autocomplete_fields = ["owner"]
    exclude = ["credentials", "cursor"]
    readonly_fields = ["health", "synced", "notices", "has_credentials", "last_error", "disabled_reason", "created_at"]
    fields = ["owner", "provider", "address", "location", "has_credentials", "is_active", "health", "synced", "notices",
              "last_error", "disabled_reason", "created_at"]  # fmt: skip

    @admin.display(description="Mailbox", ordering="location")
    def place(self, account: Account) -> SafeString:
        """Return the address over the place."""
        return two_lines(account.address or account.location, account.location if account.address else "")

    @admin.display(description="State")
    def health(self, account: Account) -> SafeString:
        """Return whether syncing works."""
        if not account.is_active:
            return badge("Off", tone="quiet")
        return badge("Failing", tone="bad") if account.last_error else badge("On", tone="good")

    @admin.display(description="Last synced", ordering="last_synced_at")
    def synced(self, account: Account) -> SafeString:
        """Return how long ago the last complete sync ended."""
        return moment(account.last_synced_at)

    @admin.display(description="Notices until")
    def notices(self, account: Account) -> SafeString:
        """Return until when the provider promised to tell of changes, or why it doesn't."""
        subscription = Subscription.objects.filter(account=account).first()
        if subscription and subscription.last_error:
            return two_lines(badge("Refused", tone="bad"), subscription.last_error)
        return moment(subscription.expires_at if subscription else None)

    @admin.display(description="Credentials", boolean=True)
    def has_credentials(self, account: Account) -> bool:
        """Return whether any are kept, never which."""
        return bool(Account.objects.filter(pk=account.pk).exclude(credentials=None).exists())
