"""How much later than its fire time a run may start, so that many schedules don't start at once; pure."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta


def share_of(schedule_id: int, fire_at: datetime, *, most_seconds: int) -> timedelta:
    """Return the wait of this fire of this schedule, below `most_seconds`: always the same, whichever beat asks."""
    digest = hashlib.sha256(f"{schedule_id} {fire_at.timestamp()}".encode()).digest()
    return timedelta(seconds=most_seconds * (int.from_bytes(digest[:6]) / 2**48))
