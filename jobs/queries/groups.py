"""The groups of states that people ask for, in words that the indexes understand."""

from __future__ import annotations

from django.db.models import Q

from jobs.states import State

# In these words each arm is one of the partial indexes; as a plain state__in it would be a scan of the table.
QUEUED = Q(state=State.QUEUED, published_at=None) | Q(state=State.QUEUED, published_at__isnull=False)
_TIMED = Q(state__in=[State.SCHEDULED, State.RETRYING])

STATE_GROUPS: dict[str, Q] = {
    "waiting": QUEUED | _TIMED,
    "running": Q(state=State.RUNNING),
    "dead": Q(state=State.FAILED, resolved_at=None),
    **{state.value.lower(): Q(state=state) for state in State},
    "queued": QUEUED,
}
