"""send_webhooks: what is due to one endpoint, so that a slow receiver keeps no other waiting."""

from __future__ import annotations

from jobs import job
from notifications.webhooks.sending import send_to


@job(queue="notifications")
def send_webhooks(*, endpoint_id: int) -> dict[str, int]:
    """Send and return counts by outcome; watch_runs asks again for what is due later."""
    return dict(send_to(endpoint_id))
