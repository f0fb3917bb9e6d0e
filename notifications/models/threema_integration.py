"""A user's wish to be told by Threema: pending under a token until the gateway says which Threema ID sent it."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q


class ThreemaIntegrationQuerySet(models.QuerySet["ThreemaIntegration"]):
    """The questions asked of integrations."""

    def pending(self, now: datetime) -> ThreemaIntegrationQuerySet:
        """Filter to those whose token still counts."""
        return self.filter(activated_at=None, expires_at__gt=now)

    def spent(self, now: datetime) -> ThreemaIntegrationQuerySet:
        """Filter to those whose token came back too late, or never."""
        return self.filter(activated_at=None, expires_at__lte=now)


class ThreemaIntegration(models.Model):
    """One registration of one user."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="threema_integrations")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token, in hex.")
    threema_id = models.CharField(max_length=8, blank=True, default="", help_text="Which sent the token.")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(help_text="The token counts until then.")
    activated_at = models.DateTimeField(null=True, blank=True, help_text="Empty: the token hasn't come back yet.")
    run_id = models.UUIDField(null=True, blank=True, help_text="Run that activated it.")

    objects = ThreemaIntegrationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(activated_at=None, threema_id="") | (Q(activated_at__isnull=False) & ~Q(threema_id="")),
                name="threema_active_with_an_id",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.threema_id or 'pending'}"
