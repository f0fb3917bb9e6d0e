"""Whether a bell is on its way for the packed runs of a job in a queue."""

from __future__ import annotations

from datetime import timedelta

from django.db import models


class Bell(models.Model):
    """One job in one queue; `rung_at` is set from the ringing until a worker has heard it, or it counts as lost."""

    LOST_AFTER = timedelta(seconds=5)

    queue = models.CharField(max_length=100)
    job = models.CharField(max_length=200)
    rung_at = models.DateTimeField(null=True, help_text="When the bell on its way was rung; empty once it was heard.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["queue", "job"], name="bell_once")]

    def __str__(self) -> str:
        return f"{self.job} in {self.queue}"
