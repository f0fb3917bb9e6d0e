"""Remembers for a while that a queue, or the whole broker, failed, so that nobody waits for it again meanwhile."""

from __future__ import annotations

LONGEST_PAUSE_SECONDS = 60.0
WHOLE = ""


class Breaker:
    """Pauses by queue; WHOLE stands for the broker itself. Times are monotonic seconds.

    The broker is tried again after the same pause every time; a queue that fails alone twice as late each time, for
    each try holds up the others.
    """

    def __init__(self) -> None:
        """Know of no failure."""
        self._until: dict[str, float] = {}
        self._pauses: dict[str, float] = {}

    def is_open(self, queue: str, *, at: float) -> bool:
        """Whether the queue, or the whole broker, failed moments ago."""
        return at < self._until.get(WHOLE, 0.0) or at < self._until.get(queue, 0.0)

    def note_failure(self, queue: str, *, at: float, pause_seconds: float) -> None:
        """Pause the queue, or the broker."""
        doubled = 2 * self._pauses.get(queue, pause_seconds / 2)
        pause = pause_seconds if queue == WHOLE else min(doubled, LONGEST_PAUSE_SECONDS)
        self._pauses[queue], self._until[queue] = pause, at + pause

    def note_success(self, queue: str) -> None:
        """Forget the queue's failures, and the broker's."""
        if self._until:
            for name in (queue, WHOLE):
                self._until.pop(name, None)
                self._pauses.pop(name, None)
