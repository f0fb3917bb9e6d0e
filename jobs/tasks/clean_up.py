"""clean_up: deletes every night what is past its keeping time, until nothing of it is left (jobs/prune.py)."""

from __future__ import annotations

from django.utils import timezone

from jobs.context import current_run
from jobs.declaring import job
from jobs.policies import Concurrency, Retry, crontab
from jobs.prune import prune


@job(queue="maintenance", schedule=crontab("0 2 * * *"), retry=Retry(3), concurrency=Concurrency(1))
def clean_up() -> dict[str, int]:
    """Delete finished runs, records and copies past their keeping time, batch by batch, and return {deleted}."""
    run, deleted = current_run(), 0
    while found := prune(now=timezone.now()):
        deleted += found
        run.progress(deleted)
        run.stop_if_asked()
    return {"deleted": deleted}
