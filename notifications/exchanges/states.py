"""The states of an exchange and the only ways between them; pure."""

from __future__ import annotations

from enum import StrEnum


class ExchangeState(StrEnum):
    """How far an exchange is."""

    DRAFT = "draft"
    OPEN = "open"
    MATCHED = "matched"
    COMPLETED = "completed"
    PURGED = "purged"


TRANSITIONS: dict[ExchangeState, frozenset[ExchangeState]] = {
    ExchangeState.DRAFT: frozenset({ExchangeState.OPEN}),
    ExchangeState.OPEN: frozenset({ExchangeState.DRAFT, ExchangeState.MATCHED}),
    ExchangeState.MATCHED: frozenset({ExchangeState.OPEN, ExchangeState.COMPLETED}),
    ExchangeState.COMPLETED: frozenset({ExchangeState.PURGED}),
    ExchangeState.PURGED: frozenset(),
}


def may_become(state: str, target: str) -> bool:
    """Return whether an exchange may go from `state` to `target`."""
    return ExchangeState(target) in TRANSITIONS[ExchangeState(state)]
