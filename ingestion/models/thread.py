"""A conversation: the mails that answer one another, and the Message-IDs known to belong to it."""

from __future__ import annotations

from django.db import models

from ingestion.models.account import Account


class Thread(models.Model):
    """The mails of one account that answer one another."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="threads", db_index=False)
    subject = models.CharField(
        max_length=500, blank=True, default="", help_text="Of its first mail, without Re and Fwd."
    )
    root_message_id = models.CharField(max_length=255, blank=True, default="", help_text="Of its first mail.")
    first_at = models.DateTimeField(help_text="When its first mail was sent.")
    last_at = models.DateTimeField(help_text="When its latest mail was sent.")
    mail_count = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["account", "-last_at"], name="thread_latest")]

    def __str__(self) -> str:
        return self.subject or "(no subject)"


class ThreadReference(models.Model):
    """A Message-ID that mails of a thread bear or name, whether or not its mail has arrived."""

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="references")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", db_index=False)
    message_id = models.CharField(max_length=255)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["thread", "message_id"], name="reference_once_per_thread"),
        ]
        indexes = [models.Index(fields=["account", "message_id"], name="reference_by_message_id")]

    def __str__(self) -> str:
        return self.message_id
