"""A mail as it was understood on arrival; each is stored once per account, whatever the provider repeats."""

from __future__ import annotations

from django.db import models

from ingestion.models.account import Account
from ingestion.models.thread import Thread


class Mail(models.Model):
    """One mail of one account."""

    class Direction(models.TextChoices):
        """Whether the owner received or sent it."""

        IN = "in", "received"
        OUT = "out", "sent"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="mails", db_index=False)
    thread = models.ForeignKey(Thread, null=True, blank=True, on_delete=models.SET_NULL, related_name="mails")
    identity = models.CharField(
        max_length=255, help_text="Its Message-ID, or a digest of its content when it has none; once per account."
    )
    provider_key = models.CharField(max_length=255, help_text="Where the provider holds it; empty: nowhere we know of.")
    gone_at = models.DateTimeField(
        null=True, blank=True, help_text="When the folders that are read were found to hold it no more."
    )
    seen = models.BooleanField(
        default=False, db_default=False, help_text="Its owner has read it there, as far as the provider tells."
    )
    answered = models.BooleanField(default=False, db_default=False, help_text="Its owner has answered it there.")
    flagged = models.BooleanField(default=False, db_default=False, help_text="Its owner has flagged it there.")
    message_id = models.CharField(max_length=255, blank=True, default="", help_text="With angle brackets.")
    in_reply_to = models.CharField(max_length=255, blank=True, default="")
    references = models.JSONField(default=list, blank=True, help_text="Message-IDs, oldest first.")

    subject = models.CharField(max_length=1000, blank=True, default="")
    base_subject = models.CharField(
        max_length=255, blank=True, default="", help_text="Without Re, Fwd and the like, lower case: for threads."
    )
    sender_name = models.CharField(max_length=320, blank=True, default="")
    sender_address = models.CharField(max_length=320, blank=True, default="", help_text="Lower case.")
    recipients = models.JSONField(
        default=list, blank=True, help_text='[{"name": str, "address": str, "kind": "to" | "cc" | "bcc"}].'
    )
    sent_at = models.DateTimeField(help_text="Its Date header; time of arrival when that is missing or absurd.")
    received_at = models.DateTimeField(help_text="When it was ingested.")
    direction = models.CharField(max_length=3, choices=Direction.choices, default=Direction.IN)

    text = models.TextField(blank=True, default="", help_text="Plain text of the whole body.")
    reply_text = models.TextField(blank=True, default="", help_text="Text without quotes and signature.")
    html_present = models.BooleanField(default=False, help_text="It had an HTML body.")
    language = models.CharField(max_length=2, blank=True, default="", help_text="ISO 639-1 code; empty: not known.")
    headers = models.JSONField(
        default=dict, blank=True, help_text="Headers that tell how it was sent (ingestion/sending_headers.py)."
    )
    size = models.PositiveBigIntegerField(default=0, help_text="Of the raw message, in bytes.")
    raw = models.BinaryField(null=True, blank=True, help_text="Raw bytes, kept when something in it was broken.")
    parse_error = models.TextField(blank=True, default="", help_text="What was broken in it; empty: nothing.")
    ingested_by = models.UUIDField(null=True, blank=True, help_text="Run that stored it.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "identity"], name="mail_once_per_account"),
        ]
        indexes = [
            models.Index(fields=["account", "-sent_at"], name="mail_latest"),
            models.Index(fields=["account", "base_subject", "sent_at"], name="mail_by_base_subject"),
            models.Index(fields=["account", "provider_key"], name="mail_by_provider_key"),
        ]

    def __str__(self) -> str:
        return self.subject or "(no subject)"


class MailCopy(models.Model):
    """A further place where the provider holds a mail that is stored already, so that it isn't fetched again."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", db_index=False)
    mail = models.ForeignKey(Mail, on_delete=models.CASCADE, related_name="copies")
    provider_key = models.CharField(max_length=255)

    class Meta:
        verbose_name_plural = "mail copies"
        constraints = [
            models.UniqueConstraint(fields=["account", "provider_key"], name="mail_copy_once"),
        ]

    def __str__(self) -> str:
        return self.provider_key
