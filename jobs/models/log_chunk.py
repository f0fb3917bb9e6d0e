"""Log lines of runs, a few at a time."""

from __future__ import annotations

from django.db import models


class LogChunk(models.Model):
    """Lines that a run logged one after another, as they were written together."""

    run_id = models.UUIDField(help_text="The run; no constraint, so that a line never waits for a run's row.")
    lines = models.PositiveIntegerField(help_text="How many lines it holds.")
    size = models.PositiveIntegerField(help_text="Its length in characters.")
    text = models.TextField(help_text="A JSON object per line: at, attempt, level, text, fields, trace.")

    class Meta:
        indexes = [models.Index(fields=["run_id", "id"], name="log_of_run")]

    def __str__(self) -> str:
        return f"{self.lines} lines of {self.run_id}"
