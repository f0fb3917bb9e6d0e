"""Jobs under test that a guard may keep from running."""

from __future__ import annotations

from jobs import Concurrency, RateLimit, Retry, Unique, current_run, job, ledger
from tests.notes import note


@job(unique=Unique(key="{user_id}"))
def unique_per_user(user_id: int, why: str = "") -> str:
    return why


@job(unique=Unique(key="{user_id}", within=60))
def unique_for_a_minute(user_id: int) -> int:
    return user_id


@job(concurrency=Concurrency(1, key="{key}", on_conflict="skip"))
def skipped_when_busy(key: str) -> str:
    return key


@job(concurrency=Concurrency(1, key="{key}", on_conflict="replace"))
def replaces_what_waits(key: str, number: int = 0) -> int:
    return number


@job(rate_limit=RateLimit(2, 10, key="{provider}"))
def limited(provider: str) -> str:
    return provider


@job
def tells_progress(steps: int) -> int:
    """Tell its progress at every step, faster than anybody can read."""
    for step in range(1, steps + 1):
        current_run().progress(step, steps, note=f"step {step}")
    note("told")
    return steps


@job
def cancels_itself(steps: int) -> None:
    """Ask for its own end, and be in the midst of its steps at the next look for such a wish."""
    run = current_run()
    ledger.request_cancel(run.id, now=ledger.now())
    run.progress(0, steps)
    for step in run.iterate(range(steps)):
        note("step", number=step)


@job
def spawns_unique(user_ids: list[int]) -> list[str]:
    children = [{"user_id": user_id} for user_id in user_ids]
    return [str(child) for child in current_run().spawn(unique_per_user, children)]


@job(retry=Retry(attempts=2, wait=0))
def spawns_and_stumbles(children: int) -> None:
    """Fail once when the children have been enqueued."""
    current_run().spawn(limited, [{"provider": f"provider {n}"} for n in range(children)])
    if current_run().attempt == 1:
        raise ConnectionError("after the children")
