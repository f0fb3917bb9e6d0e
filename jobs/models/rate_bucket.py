"""When the next start is free under a rate limit, cluster-wide."""

from __future__ import annotations

from django.db import models


class RateBucket(models.Model):
    """One rate limit's key; its row lock serialises the reservations."""

    key = models.CharField(max_length=200, primary_key=True)
    next_start_at = models.DateTimeField(help_text="The first start nobody has taken yet.")

    def __str__(self) -> str:
        return self.key
