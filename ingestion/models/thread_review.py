"""What a language model made of a whole thread: summary, category, sentiment, a draft of the answer."""

from __future__ import annotations

from django.db import models

from ingestion.models.thread import Thread


class ThreadReview(models.Model):
    """The understanding of one thread; each aspect is filled when it was asked for."""

    class Sentiment(models.TextChoices):
        """The tone of what others wrote."""

        NEGATIVE = "negative", "negative"
        NEUTRAL = "neutral", "neutral"
        POSITIVE = "positive", "positive"

    thread = models.OneToOneField(Thread, on_delete=models.CASCADE, related_name="review")
    summary = models.TextField(blank=True, default="")
    category = models.CharField(max_length=50, blank=True, default="", help_text="One lower-case word.")
    sentiment = models.CharField(max_length=8, choices=Sentiment.choices, blank=True, default="")
    sentiment_score = models.FloatField(null=True, blank=True, help_text="-1 to 1.")
    draft_reply = models.TextField(blank=True, default="", help_text="Never sent by us; empty: no answer is wanted.")
    aspects = models.JSONField(default=list, help_text="What was asked for so far: [str].")
    mail_count = models.PositiveIntegerField(default=0, help_text="Mails the thread had then; more: it is stale.")
    model = models.CharField(max_length=100, help_text="Name and version of the model.")
    run_id = models.UUIDField(null=True, blank=True, help_text="Run that made it.")
    processed_at = models.DateTimeField(help_text="When.")

    def __str__(self) -> str:
        return self.summary[:80]
