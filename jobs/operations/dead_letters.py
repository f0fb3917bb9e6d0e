"""Dead letters by the group: replayed at once or carefully, or discarded."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.base_user import AbstractBaseUser

from jobs import audit, dead_letters
from jobs.models import Run
from jobs.models.run import Cause
from jobs.operations.runs import enqueue

CAREFUL_STEPS = (1, 10, 100)


def replay_dead_letters(*, fingerprint: str = "", job: str = "", limit: int | None = None) -> int:
    """Enqueue the oldest `limit` dead letters of the error and the job again, or all; returns how many."""
    found = dead_letters.matching(fingerprint=fingerprint, job=job).order_by("pk")
    count = dead_letters.replay(list(found.values_list("pk", flat=True)[:limit]))
    audit.note(
        "replay dead letters", job or fingerprint or "all", after={"fingerprint": fingerprint, "replayed": count}
    )
    return count


def replay_carefully(
    *,
    fingerprint: str = "",
    job: str = "",
    steps: Sequence[int] = CAREFUL_STEPS,
    cause: Cause,
    owner: AbstractBaseUser | None = None,
) -> Run:
    """Enqueue the job that replays them in these steps, then the rest, and stops as soon as one fails again."""
    wanted = {"fingerprint": fingerprint, "job": job, "steps": list(steps)}
    run = enqueue("replay_dead_letters", wanted, cause=cause, owner=owner)[0]
    audit.note("replay dead letters", job or fingerprint or "all", after={**wanted, "run": str(run.pk)})
    return run


def discard_dead_letters(*, fingerprint: str = "", job: str = "") -> int:
    """Close the dead letters of the error and the job without running them; returns how many."""
    found = dead_letters.matching(fingerprint=fingerprint, job=job)
    count = dead_letters.discard(list(found.values_list("pk", flat=True)))
    audit.note("discard dead letters", job or fingerprint or "all", after={"fingerprint": fingerprint, "closed": count})
    return count
