"""delete_spent_tokens: links and registrations that expired, and links used over a day ago, are deleted every hour."""

from __future__ import annotations

from django.utils import timezone

from jobs import Retry, every, job
from notifications.exchanges.tokens import delete_spent
from notifications.threema import registering


@job(queue="maintenance", schedule=every(hours=1), retry=Retry(3))
def delete_spent_tokens() -> dict[str, int]:
    """Delete what lets nobody in any more and return {deleted}."""
    now = timezone.now()
    return {"deleted": delete_spent(now=now) + registering.delete_spent(now=now)}
