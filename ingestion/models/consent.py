"""A user's consent, given by OAuth, that we may read at a provider; its tokens rest encrypted."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from jobs.encryption import EncryptedJSONField


class Consent(models.Model):
    """What one user allowed at one provider."""

    class Provider(models.TextChoices):
        """Who gave the tokens."""

        GOOGLE = "google", "Google"
        MICROSOFT = "microsoft", "Microsoft"

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="consents")
    provider = models.CharField(max_length=10, choices=Provider.choices)
    address = models.EmailField(max_length=320, help_text="The user's address there, lower case.")
    tokens = EncryptedJSONField(
        null=True, blank=True, help_text='{"access_token": str, "refresh_token": str}; empty once it is revoked.'
    )
    scopes = models.TextField(blank=True, default="", help_text="What was allowed, separated by blanks.")
    expires_at = models.DateTimeField(null=True, blank=True, help_text="When the access token ends.")
    refreshing_until = models.DateTimeField(
        null=True, blank=True, help_text="A process is fetching a new access token, at the longest until then."
    )
    revoked_at = models.DateTimeField(null=True, blank=True, help_text="When the provider said it is withdrawn.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "provider", "address"], name="consent_once_per_address"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.address}"
