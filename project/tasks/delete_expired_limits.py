"""delete_expired_limits: failed logins that lock nobody out any more, and limits of the engine that nobody uses, go."""

from __future__ import annotations

from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from django.utils import timezone

from jobs import Concurrency, Retry, crontab, job
from jobs.prune import prune_limits


@job(
    queue="maintenance",
    schedule=crontab("0 4 * * *"),
    grace_seconds=86_400,
    retry=Retry(3),
    concurrency=Concurrency(1, key="delete_expired_limits"),
)
def delete_expired_limits() -> dict[str, int]:
    """Delete them and return {logins, limits}; whoever is locked out stays so."""
    now = timezone.now()
    over = AccessAttempt.objects.filter(attempt_time__lt=now - get_cool_off())
    return {"logins": over.delete()[0], "limits": prune_limits(now=now)}
