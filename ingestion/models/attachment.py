"""A file that came with a mail, and the text found in it."""

from __future__ import annotations

from django.db import models

from ingestion.models.mail import Mail


class WithoutContent(models.Manager["Attachment"]):
    """Leaves `content` in the database until it is asked for: listings must not load files."""

    def get_queryset(self) -> models.QuerySet[Attachment]:
        """Return all attachments, content deferred."""
        return super().get_queryset().defer("content")


class Attachment(models.Model):
    """One file of one mail."""

    mail = models.ForeignKey(Mail, on_delete=models.CASCADE, related_name="attachments", db_index=False)
    position = models.PositiveIntegerField(help_text="Within its mail, from 0.")
    filename = models.CharField(max_length=255, blank=True, default="")
    content_type = models.CharField(max_length=127, blank=True, default="")
    size = models.PositiveBigIntegerField(default=0, help_text="Of the decoded file, in bytes.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the decoded file, in hex.")
    content = models.BinaryField(null=True, blank=True, help_text="Empty: too large to keep.")
    text = models.TextField(blank=True, default="", help_text="Text found in it.")
    text_error = models.CharField(max_length=500, blank=True, default="", help_text="Why its text is missing or cut.")

    objects = WithoutContent()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["mail", "position"], name="attachment_once_per_position"),
        ]

    def __str__(self) -> str:
        return self.filename or f"attachment {self.position}"
