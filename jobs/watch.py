"""How long something has stood still, by one watcher's own clock; pure."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Watch(Generic[K]):
    """What one watcher has seen of counters that move while their owners live, by its own monotonic clock.

    One is silent when its counter stood still for a lease of watched time. Two looks far apart count as a quarter of a
    lease, no more: so neither a clock that is off, nor a database that was away, nor a watcher that was itself frozen
    or slow makes a live one look lost, and a slow watcher still finds the dead.
    """

    def __init__(self, *, lease_seconds: float) -> None:
        """Start with nothing seen."""
        self._lease = lease_seconds
        self._silences: dict[K, tuple[int, float]] = {}
        self._looked_at: float | None = None

    def silent(self, counters: Mapping[K, int], *, at: float) -> list[K]:
        """Note the counters read at monotonic time `at`; return those that have stood still for a lease."""
        watched = 0.0 if self._looked_at is None else min(at - self._looked_at, self._lease / 4)
        self._looked_at = at
        before = self._silences
        self._silences = {
            key: (count, before[key][1] + watched if key in before and before[key][0] == count else 0.0)
            for key, count in counters.items()
        }
        return [key for key, (_, silence) in self._silences.items() if silence >= self._lease]
