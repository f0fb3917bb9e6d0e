"""A person's key to the REST API: only its digest is kept, so that nobody can read it here."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models

from jobs.identifiers import new_run_id


class Scope(models.TextChoices):
    """What a token lets its holder do, beyond what its user may do at all."""

    READ = "read", "look"
    RUN = "run", "enqueue runs"
    OPERATE = "operate", "cancel, retry, pause, schedule"
    ADMIN = "admin", "clear statistics"


class TokenQuerySet(models.QuerySet["ApiToken"]):
    """The questions asked of tokens."""

    def in_force(self, *, now: datetime) -> TokenQuerySet:
        """Filter to tokens that open something now."""
        return self.filter(revoked_at=None, expires_at__gt=now, user__is_active=True)


class ApiToken(models.Model):
    """One token; the secret itself was told once, when it was made."""

    id = models.UUIDField(primary_key=True, default=new_run_id, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens", help_text="Whose rights it has."
    )
    name = models.CharField(max_length=100, help_text="What it is for.")
    digest = models.CharField(max_length=64, unique=True, editable=False, help_text="SHA-256 of the secret.")
    beginning = models.CharField(max_length=16, editable=False, help_text="How the secret begins, to tell them apart.")
    scopes = models.JSONField(default=list, help_text="read, run, operate, admin.")
    created_at = models.DateTimeField(editable=False)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="To the minute.")

    objects = TokenQuerySet.as_manager()

    class Meta:
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.name} ({self.beginning}…)"


KEPT = timedelta(days=1)


class KeptReply(models.Model):
    """What a POST with an Idempotency-Key was answered, so that its repetition is answered the same."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    request_digest = models.CharField(max_length=64, help_text="SHA-256 of method, path and body.")
    status = models.PositiveSmallIntegerField(default=0)
    body = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="kept_reply_once")]

    def __str__(self) -> str:
        return f"{self.status} for {self.key}"
