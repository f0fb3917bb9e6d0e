"""Something worth remembering of what came in; its relevance decays with age (ingestion/tasks/fact_decay.py)."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from ingestion.models.mail import Mail
from ingestion.models.thread import Thread


class Fact(models.Model):
    """One fact of one user."""

    class Kind(models.TextChoices):
        """What it is about."""

        PROMISE = "promise", "the user promised it"
        REQUEST = "request", "the user was asked for it"
        DATE = "date", "something happens then"
        NOTE = "note", "worth knowing"

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="facts", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.NOTE)
    text = models.TextField()
    importance = models.FloatField(default=0.5, help_text="0 to 1; does not change.")
    relevance = models.FloatField(default=0.5, help_text="0 to 1: importance, less what age took; see fact_decay.")
    observed_at = models.DateTimeField(help_text="When it was said; its age counts from then.")
    decayed_at = models.DateTimeField(null=True, blank=True, help_text="When relevance was last computed.")
    thread = models.ForeignKey(Thread, null=True, blank=True, on_delete=models.SET_NULL, related_name="facts")
    mail = models.ForeignKey(Mail, null=True, blank=True, on_delete=models.SET_NULL, related_name="facts")
    digest = models.CharField(max_length=64, help_text="Of owner's thread, kind and text: the same fact is kept once.")
    run_id = models.UUIDField(null=True, blank=True, help_text="Run that found it.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "digest"], name="fact_once")]
        indexes = [models.Index(fields=["owner", "-relevance"], name="fact_most_relevant")]

    def __str__(self) -> str:
        return self.text[:80]
