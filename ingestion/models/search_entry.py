"""What search knows of one mail or calendar object: its words are beside it in the database's own full-text index."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from ingestion.models.calendar import CalendarSeries
from ingestion.models.mail import Mail


class SearchEntry(models.Model):
    """One thing that can be found.

    On PostgreSQL it has a column more, `words` (tsvector); on SQLite a row in ingestion_searchwords (FTS5), which a
    trigger deletes with it.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="search_entries", db_index=False
    )
    mail = models.OneToOneField(Mail, null=True, blank=True, on_delete=models.CASCADE, related_name="search_entry")
    series = models.OneToOneField(
        CalendarSeries, null=True, blank=True, on_delete=models.CASCADE, related_name="search_entry"
    )
    happened_at = models.DateTimeField(help_text="When the mail was sent, or the event begins.")
    indexed_at = models.DateTimeField(help_text="When its words were indexed.")
    vector = models.BinaryField(null=True, blank=True, help_text="Its meaning: float32, of length 1.")
    embedded_by = models.CharField(
        max_length=100, blank=True, default="", db_index=True, help_text="Which model made the vector; empty: none yet."
    )

    class Meta:
        verbose_name_plural = "search entries"
        constraints = [
            models.CheckConstraint(condition=models.Q(mail=None) ^ models.Q(series=None), name="search_entry_of_one"),
        ]
        indexes = [models.Index(fields=["owner", "-happened_at"], name="search_entry_latest")]

    def __str__(self) -> str:
        return f"search entry {self.pk}"
