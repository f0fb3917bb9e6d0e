"""Replays dead letters in growing steps, and stops as soon as failures return."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction

from jobs import dead_letters
from jobs.context import batched, current_run
from jobs.declaring import job
from jobs.errors import Snooze
from jobs.models import Run
from jobs.policies import Concurrency
from jobs.states import State

STEPS = (1, 10, 100)
BATCH = 100
LOOK_AGAIN = timedelta(seconds=1)


@job(queue="maintenance", concurrency=Concurrency(1, key="{fingerprint}:{job}", on_conflict="skip"))
def replay_dead_letters(*, fingerprint: str = "", job: str = "", steps: list[int] | None = None) -> dict[str, Any]:
    """Replay the dead letters of an error fingerprint or a job: a few, then more, then all.

    `steps` are the sizes of the first steps (default 1, 10, 100); what is left follows in one last step. Between steps
    it waits, without holding a worker, until every replayed run has ended. One whose unique key an unfinished run has
    by now is left as it is. Returns {"replayed", "refused", "failed", "stopped"}.
    """
    run = current_run()
    replayed: list[str] = run.checkpointed("replayed", [])
    step: int = run.checkpointed("step", 0)
    runs = Run.objects.filter(pk__in=replayed)
    began_at = Run.objects.values_list("created_at", flat=True).get(pk=run.id)
    if runs.unfinished().exists():
        raise Snooze(LOOK_AGAIN)
    refused = runs.filter(state=State.FAILED, finished_at__lt=began_at).count()
    failed = runs.filter(state=State.FAILED).count() - refused
    sizes = list(STEPS if steps is None else steps)
    waiting = dead_letters.matching(fingerprint=fingerprint, job=job).exclude(pk__in=replayed)
    if failed or not waiting.exists():
        counts = {"replayed": len(replayed) - refused, "refused": refused, "failed": failed}
        return {**counts, "stopped": bool(failed)}
    size = sizes[step] if step < len(sizes) else waiting.count()
    ids = list(waiting.order_by("pk").values_list("pk", flat=True)[:size])
    for some in batched(ids, BATCH):
        replayed = [*replayed, *map(str, some)]
        # Noted and done as one: a letter that is noted only would count as refused.
        with transaction.atomic():
            run.checkpoint(replayed=replayed, step=step + 1)
            dead_letters.replay(some)
    raise Snooze(LOOK_AGAIN)
