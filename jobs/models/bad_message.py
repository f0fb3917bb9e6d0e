"""A broker message that could not become a run, kept with its bytes until a person replays or discards it."""

from __future__ import annotations

from django.db import models

from jobs.identifiers import new_run_id


class BadMessage(models.Model):
    """One quarantined message."""

    class Reason(models.TextChoices):
        """What is wrong with it."""

        NOT_JSON = "not_json", "not JSON"
        WRONG_SHAPE = "wrong_shape", "not a task message"
        CONTENT_TYPE = "content_type", "content type not accepted"
        OVERSIZE = "oversize", "too large"
        UNKNOWN_JOB = "unknown_job", "no job of that name"
        ARGUMENTS = "arguments", "arguments don't fit the job"
        SIGNATURE = "signature", "signature missing or wrong"
        FAULT = "fault", "could not be handled"

    id = models.UUIDField(primary_key=True, default=new_run_id, editable=False)
    received_at = models.DateTimeField()
    queue = models.CharField(max_length=200, blank=True, default="")
    reason = models.CharField(max_length=12, choices=Reason.choices)
    detail = models.TextField(blank=True, default="", help_text="What exactly was found.")
    job = models.CharField(max_length=200, blank=True, default="", help_text="Task name, where one could be read.")
    task_id = models.CharField(max_length=255, blank=True, default="")
    content_type = models.CharField(max_length=100, blank=True, default="")
    content_encoding = models.CharField(max_length=100, blank=True, default="")
    headers = models.JSONField(default=dict, blank=True)
    properties = models.JSONField(default=dict, blank=True)
    body = models.BinaryField(help_text="The message's bytes; cut at the size limit.")
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes as received.")
    replayed_at = models.DateTimeField(null=True, blank=True)
    discarded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "quarantined message"
        indexes = [
            models.Index(
                fields=["reason", "-id"],
                name="bad_message_open",
                condition=models.Q(replayed_at=None, discarded_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}: {self.job or 'unnamed'}"
