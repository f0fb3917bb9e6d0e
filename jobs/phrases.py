"""Durations and moments as people say them, for every face; pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def duration_words(seconds: float | None) -> str:
    """Return a duration in at most two units, such as `840 ms`, `3.2 s`, `2 min 5 s` or `3 d 4 h`."""
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{max(round(seconds * 1000), 0)} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    return " ".join(_whole_units(round(seconds))[:2])


def distance_words(moment: datetime | None, *, now: datetime) -> str:
    """Return how far a moment is from `now`, such as `5 min ago`, `in 3 h` or `just now`."""
    if moment is None:
        return ""
    seconds = round((now - moment).total_seconds())
    if abs(seconds) < 2:
        return "just now"
    largest = _whole_units(abs(seconds))[0]
    return f"{largest} ago" if seconds > 0 else f"in {largest}"


def size_words(size: int | None) -> str:
    """Return a size in bytes with a binary unit, such as `512 B` or `3.4 MiB`."""
    if size is None:
        return ""
    amount = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024 or unit == "GiB":
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    raise AssertionError("unreachable")


def attempts_words(attempts: int, *, most: int) -> str:
    """Return attempts of those allowed, such as `2 of 3`, or `3, 1 allowed`.

    More than allowed follow a process that was lost, and a body's own `retry()`.
    """
    return f"{attempts} of {most}" if attempts <= most else f"{attempts}, {most} allowed"


def cores_words(cores: float | None) -> str:
    """Return CPU in use as a share of one core, such as `7 %` or `230 %`."""
    return "" if cores is None else f"{100 * cores:.0f} %"


def start_words(role: str, *, app: str, queues: Sequence[str] = ()) -> str:
    """Return the command that starts a `worker` or a `beat` of the app, such as `celery -A shop worker -Q email`."""
    return " ".join(["celery -A", app, role, *(["-Q", ",".join(queues)] if queues else [])])


def _whole_units(seconds: int) -> list[str]:
    parts: list[tuple[int, str]] = []
    for unit, length in _UNITS:
        count, seconds = divmod(seconds, length)
        if count or parts:
            parts.append((count, unit))
    return [f"{count} {unit}" for count, unit in parts[:2] if count] or ["0 s"]
