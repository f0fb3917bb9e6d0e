"""delete_expired_sessions: logins whose time is over are deleted every night."""

from __future__ import annotations

from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.utils import timezone

from jobs import Concurrency, Retry, crontab, job


@job(
    queue="maintenance",
    schedule=crontab("0 3 * * *"),
    grace_seconds=86_400,
    retry=Retry(3),
    concurrency=Concurrency(1, key="delete_expired_sessions"),
)
def delete_expired_sessions() -> dict[str, int]:
    """Do what Django's clearsessions does and return {deleted}."""
    expired = Session.objects.filter(expire_date__lt=timezone.now()).count()
    call_command("clearsessions")
    return {"deleted": expired}
