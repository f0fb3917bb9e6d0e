"""redis_monitoring: copies checkpoint state into the database before it expires from Redis (jobs/kept_keys.py)."""

from __future__ import annotations

from dataclasses import asdict

from django.utils import timezone

from jobs import kept_keys
from jobs.context import current_run
from jobs.declaring import job
from jobs.errors import RefusedError
from jobs.kept_keys import Found
from jobs.policies import Concurrency, Misfire, Retry, every


@job(
    queue="maintenance",
    schedule=every(minutes=10),
    misfire=Misfire.SKIP,
    retry=Retry(3),
    concurrency=Concurrency(1, on_conflict="skip"),
)
def redis_monitoring() -> dict[str, int | str]:
    """Copy the watched keys that are near expiry and return {keys, expiring, kept}, or {note} without a Redis."""
    run, total = current_run(), Found()
    try:
        with kept_keys.watched() as client:
            for keys in kept_keys.pages(client):
                run.stop_if_asked()
                found = kept_keys.keep_expiring(client, keys, now=timezone.now())
                total = Found(total.keys + found.keys, total.expiring + found.expiring, total.kept + found.kept)
    except RefusedError as refusal:
        return {"note": str(refusal)}
    return {**asdict(total)}
