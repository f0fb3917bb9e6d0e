"""The groups of states that people ask for, each in the words of a partial index that has it in the order of lists."""

from __future__ import annotations

from django.db.models import Q

from jobs.dialect import AlsoAmong
from jobs.states import UNSUCCESSFUL, WAITING, State

_UNFINISHED, _UNSUCCESSFUL = Q(finished_at=None), Q(AlsoAmong("state", sorted(UNSUCCESSFUL)))


def _runs_in(state: State) -> Q:
    if state == State.SUCCESS:
        return Q(state=state)
    return (_UNSUCCESSFUL if state.is_final else _UNFINISHED) & Q(state=state)


STATE_GROUPS: dict[str, Q] = {
    "waiting": _UNFINISHED & Q(state__in=WAITING),
    "dead": _runs_in(State.FAILED) & Q(resolved_at=None),
    **{state.value.lower(): _runs_in(state) for state in State},
}
