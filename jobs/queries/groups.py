"""The groups of states that people ask for, in words that the indexes understand."""

from __future__ import annotations

from functools import reduce
from operator import or_

from django.db.models import Q

from jobs.dialect import Among
from jobs.models.run import QUEUED_PARTS
from jobs.states import TIMED, State

QUEUED = reduce(or_, QUEUED_PARTS)
_TIMED = Q(Among("state", TIMED))

STATE_GROUPS: dict[str, Q] = {
    "waiting": QUEUED | _TIMED,
    "running": Q(state=State.RUNNING),
    "dead": Q(state=State.FAILED, resolved_at=None),
    **{state.value.lower(): Q(state=state) for state in State},
    "queued": QUEUED,
}
