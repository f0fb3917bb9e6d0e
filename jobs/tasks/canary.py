"""Does nothing: that it was done proves that work goes through."""

from __future__ import annotations

from jobs.declaring import job


@job
def canary() -> str:
    """Return at once; `jobs health --canary` sends it through a queue and waits for it."""
    return "sang"
