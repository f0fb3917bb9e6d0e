"""delete_spent_tokens: magic links that expired, or were first used over a day ago, are deleted every hour."""

from __future__ import annotations

from django.utils import timezone

from jobs import Retry, every, job
from notifications.exchanges.tokens import delete_spent


@job(queue="maintenance", schedule=every(hours=1), retry=Retry(3))
def delete_spent_tokens() -> dict[str, int]:
    """Delete what lets nobody in any more and return {deleted}."""
    return {"deleted": delete_spent(now=timezone.now())}
