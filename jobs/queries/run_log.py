"""What a run logged, as far as it is kept."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from jobs.conf import conf
from jobs.models import LogChunk, Run

LINES_SHOWN = 1000


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """One line; secrets are masked."""

    at: datetime
    attempt: int
    level: str
    text: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    trace: str = ""


def log_of(run: Run) -> list[LogLine]:
    """Return the newest lines that the run logged, over all attempts, the oldest first; also once none are kept."""
    most = conf().run_log_lines or LINES_SHOWN
    texts: list[str] = []
    for chunk in LogChunk.objects.filter(run_id=run.pk).order_by("-id").iterator():
        texts[:0] = chunk.text.split("\n")
        if len(texts) >= most:
            break
    return [_line(json.loads(text)) for text in texts[-most:]]


def _line(known: dict[str, Any]) -> LogLine:
    return LogLine(**{**known, "at": datetime.fromisoformat(known["at"])})
