"""What a language model understood of a mail; each mail has at most one, and it says which model gave it."""

from __future__ import annotations

from django.db import models

from ingestion.models.mail import Mail


class Classification(models.Model):
    """The understanding of one mail."""

    class Importance(models.TextChoices):
        """How much the owner loses by not reading it."""

        LOW = "low", "low"
        NORMAL = "normal", "normal"
        HIGH = "high", "high"

    mail = models.OneToOneField(Mail, on_delete=models.CASCADE, related_name="classification")
    summary = models.TextField(blank=True, default="")
    action_items = models.JSONField(default=list, blank=True, help_text="What the owner is asked to do: [str].")
    importance = models.CharField(max_length=6, choices=Importance.choices, default=Importance.NORMAL)
    labels = models.JSONField(default=list, blank=True, help_text="Lower-case words: [str].")
    deadline = models.DateTimeField(null=True, blank=True, help_text="By when something is expected.")
    deadline_is_day = models.BooleanField(
        default=False,
        help_text="Only the day is known; the time is noon UTC, so that the day is the same from UTC-11 to UTC+11.",
    )
    is_automated = models.BooleanField(default=False, help_text="No person wrote it to the owner.")
    reasons = models.JSONField(default=list, blank=True, help_text="Why, in words: [str].")
    model = models.CharField(max_length=100, help_text="Name and version of the model.")
    run_id = models.UUIDField(null=True, blank=True, help_text="Run that classified it.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["-id"], name="classification_important", condition=models.Q(importance="high")),
        ]

    def __str__(self) -> str:
        return f"{self.importance}: {self.summary[:60]}"
