"""A provider's promise to tell of changes in a mailbox or calendar, until it ends; renewed before that."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from ingestion.models.account import Account
from ingestion.models.calendar import Calendar


class Subscription(models.Model):
    """One mailbox or calendar whose provider sends notices."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="subscriptions")
    account = models.OneToOneField(
        Account, null=True, blank=True, on_delete=models.CASCADE, related_name="subscription"
    )
    calendar = models.OneToOneField(
        Calendar, null=True, blank=True, on_delete=models.CASCADE, related_name="subscription"
    )
    provider_key = models.CharField(max_length=255, blank=True, default="", help_text="What the provider calls it.")
    state_digest = models.CharField(
        max_length=64, null=True, blank=True, unique=True, help_text="SHA-256 of the secret that its notices carry."
    )
    expires_at = models.DateTimeField(null=True, blank=True, help_text="When the provider stops; empty: not promised.")
    notified_at = models.DateTimeField(null=True, blank=True, help_text="Its latest notice.")
    last_error = models.TextField(blank=True, default="", help_text="Why it wasn't renewed; empty: it was.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(account=None) ^ models.Q(calendar=None), name="subscription_to_one_place"
            ),
        ]

    def __str__(self) -> str:
        return f"notices of {self.place}"

    @property
    def place(self) -> Account | Calendar:
        """The mailbox or calendar."""
        place = self.account or self.calendar
        assert place is not None
        return place
