"""A signal: something a user is told, once; the row is also the entry in the user's inbox."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from ingestion.models import Mail


class SignalQuerySet(models.QuerySet["Signal"]):
    """The questions asked of signals."""

    def unread(self) -> SignalQuerySet:
        """Filter to signals that the user hasn't read."""
        return self.filter(read_at=None)


class Signal(models.Model):
    """Something one user is told."""

    class Kind(models.TextChoices):
        """What it is about."""

        IMPORTANT_MAIL = "important_mail", "important mail"
        DEADLINE = "deadline", "deadline"
        DAILY_BRIEFING = "daily_briefing", "daily briefing"
        MEETING_PREP = "meeting_prep", "meeting"
        COMMITMENT = "commitment", "commitment"
        AWAITING_RESPONSE = "awaiting_response", "unanswered"
        ACCOUNT = "account", "account"
        EXCHANGE = "exchange", "gift exchange"
        RUN_ENDED = "run_ended", "run ended"

    class Importance(models.TextChoices):
        """How loud it is."""

        NORMAL = "normal", "normal"
        HIGH = "high", "high"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="signals", db_index=False)
    kind = models.CharField(max_length=30, choices=Kind.choices)
    key = models.CharField(max_length=200, help_text="What it is about; a user is told once per key.")
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True, default="")
    importance = models.CharField(max_length=6, choices=Importance.choices, default=Importance.NORMAL)
    mail = models.ForeignKey(Mail, null=True, blank=True, on_delete=models.SET_NULL, related_name="signals")
    worded_by = models.CharField(
        max_length=100,
        blank=True,
        default="",
        db_default="",
        help_text="Model that chose the words; empty: the template.",
    )
    wording_note = models.CharField(
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text="Why the template's words stand despite a model.",
    )
    run_id = models.UUIDField(null=True, blank=True, help_text="Run that created it.")
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)

    objects = SignalQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="signal_once_per_key")]
        indexes = [models.Index(fields=["user", "-id"], name="signal_inbox")]

    def __str__(self) -> str:
        return self.title
