"""A place mail comes from: one mailbox of one user, how to reach it and how far it has been read."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from ingestion.models.consent import Consent
from jobs.encryption import EncryptedJSONField


class AccountQuerySet(models.QuerySet["Account"]):
    """The questions asked of accounts."""

    def active(self) -> AccountQuerySet:
        """Filter to accounts that are synced."""
        return self.filter(is_active=True)


class Account(models.Model):
    """One mailbox of one user."""

    class Provider(models.TextChoices):
        """What kind of mailbox it is; each has a module in ingestion/providers."""

        MBOX = "mbox", "mbox file"
        MAILDIR = "maildir", "Maildir folder"
        IMAP = "imap", "IMAP server"
        GMAIL = "gmail", "Gmail"
        GRAPH = "graph", "Microsoft 365"

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mail_accounts")
    provider = models.CharField(max_length=20, choices=Provider.choices)
    address = models.EmailField(
        max_length=320, blank=True, default="", help_text="The owner's own address there; mail from it is outgoing."
    )
    location = models.CharField(max_length=500, help_text="Absolute path, or URL without password.")
    credentials = EncryptedJSONField(null=True, blank=True, help_text='{"username": str, "password": str}.')
    consent = models.ForeignKey(
        Consent,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="accounts",
        help_text="Of Gmail and the like.",
    )
    is_active = models.BooleanField(default=True, help_text="Synced on schedule.")
    cursor = models.JSONField(default=dict, blank=True, help_text="How far it has been read; the provider's own form.")
    last_synced_at = models.DateTimeField(null=True, blank=True, help_text="End of the last complete sync.")
    last_error = models.TextField(blank=True, default="", help_text="Why the last sync failed; empty: it didn't.")
    disabled_reason = models.CharField(max_length=200, blank=True, default="", help_text="Why it is not active.")
    retry_at = models.DateTimeField(null=True, blank=True, help_text="The provider asked to be left alone until then.")
    notified_at = models.DateTimeField(null=True, blank=True, help_text="When the provider last told of a change.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "provider", "location"], name="account_once_per_owner"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.location}"
