"""A queue's switches, as operators set them; a queue without a row has the defaults."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Queue(models.Model):
    """Whether a queue is paused, since when and by whom."""

    name = models.CharField(max_length=100, primary_key=True)
    paused_at = models.DateTimeField(null=True, blank=True, help_text="Nothing starts while this is set.")
    paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    def __str__(self) -> str:
        return self.name
