"""reencrypt: after a new key, what older ones encrypted is encrypted with it, so that they can go."""

from __future__ import annotations

from jobs import reencryption
from jobs.context import current_run
from jobs.declaring import job
from jobs.policies import Concurrency, Retry


@job(queue="maintenance", retry=Retry(3), concurrency=Concurrency(1))
def reencrypt() -> dict[str, int]:
    """Encrypt every stored credential with the first of FIELD_ENCRYPTION_KEYS.

    Returns {"renewed", "unreadable", "sealed_runs", "sealed_schedules"}: how many values are of the new key now, how
    many no key opens, and how many unfinished runs, open dead letters and schedules hold arguments of older keys. Those
    keys may go when the last three are 0.
    """
    run, counts = current_run(), {True: 0, False: 0}
    for model, name in reencryption.fields():
        for pk, token in reencryption.old_values(model, name):
            counts[reencryption.renew(model, name, pk, token)] += 1
            run.stop_if_asked()
    return {
        "renewed": counts[True],
        "unreadable": counts[False],
        "sealed_runs": reencryption.sealed_runs(),
        "sealed_schedules": reencryption.sealed_schedules(),
    }
