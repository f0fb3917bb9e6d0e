"""Copies of keys that expire from Redis soon, kept so that what they held can be given back."""

from __future__ import annotations

from django.db import models

from jobs.encryption import EncryptedJSONField


class KeptKey(models.Model):
    """The latest copy of one key of the watched Redis."""

    name = models.CharField(max_length=500, unique=True, help_text="The key.")
    value = EncryptedJSONField(help_text="What it held, as Redis dumps it; encrypted.")
    expires_at = models.DateTimeField(help_text="When it goes, or went, from Redis.")
    kept_at = models.DateTimeField(db_index=True, help_text="When this copy was made.")
    restored_at = models.DateTimeField(null=True, blank=True, help_text="When the copy last went back to Redis.")

    def __str__(self) -> str:
        return self.name
