"""One call of a language model: for whom, by which run, what it took and how it ended; the text is not kept."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class LLMCall(models.Model):
    """One call of a language model."""

    class Outcome(models.TextChoices):
        """How a call ended."""

        OK = "ok", "answered"
        NONSENSE = "nonsense", "answered nonsense"
        ERROR = "error", "failed"

    run_id = models.UUIDField(null=True, blank=True, help_text="Run that called; empty outside a run.")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="llm_calls",
        db_index=False,
        help_text="User on whose behalf.",
    )
    correlation_id = models.CharField(max_length=64, blank=True, default="", help_text="Of the run and the user in it.")
    model = models.CharField(max_length=100, help_text="Name and version of the model.")
    purpose = models.CharField(max_length=50, help_text="What was asked, such as classify_mail.")
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    cost = models.DecimalField(max_digits=12, decimal_places=6, default=0, help_text="In the price list's currency.")
    latency_ms = models.PositiveIntegerField(default=0, help_text="Milliseconds until the answer.")
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.OK)
    error = models.CharField(max_length=500, blank=True, default="", help_text="Why it failed.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "LLM call"
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="llm_call_by_owner"),
            models.Index(fields=["run_id"], name="llm_call_by_run", condition=models.Q(run_id__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} by {self.model}"
