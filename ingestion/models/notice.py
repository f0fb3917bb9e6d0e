"""Something about ingestion that its user must be told; notifications reads these rows and tells."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from ingestion.models.account import Account


class Notice(models.Model):
    """One thing to tell one user, once."""

    class Kind(models.TextChoices):
        """What happened."""

        CONSENT_REVOKED = "consent_revoked", "the provider says that consent was withdrawn"
        ACCESS_REFUSED = "access_refused", "the provider refused the credentials"

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ingestion_notices")
    kind = models.CharField(max_length=30, choices=Kind.choices)
    account = models.ForeignKey(Account, null=True, blank=True, on_delete=models.CASCADE, related_name="notices")
    key = models.CharField(max_length=200, unique=True, help_text="Says what happened; the same thing is told once.")
    text = models.TextField(blank=True, default="", help_text="In words, for the user.")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
