"""Sends one endpoint's webhooks, and disables an endpoint that has taken nothing for days."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from django.utils import timezone

from notifications.alerting.raising import raise_alert
from notifications.conf import conf
from notifications.delivering import deliver
from notifications.models import Alert, Delivery, WebhookEndpoint

AT_ONCE = 200
GONE = "410"


def endpoints_with_due(*, now: datetime) -> list[int]:
    """Return the ids of active endpoints for which something is due."""
    due = Delivery.objects.due(now).filter(endpoint__is_active=True)
    return list(due.order_by("endpoint").values_list("endpoint", flat=True).distinct())


def send_to(endpoint_id: int) -> Counter[str]:
    """Send what is due to the endpoint, oldest first, until three in a row failed or it is disabled; returns counts."""
    counts: Counter[str] = Counter()
    in_a_row = 0
    due = Delivery.objects.due(timezone.now()).filter(endpoint=endpoint_id, endpoint__is_active=True)
    for number in list(due.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        outcome = deliver(Delivery.objects.filter(pk=number), unavailable=set())
        counts.update(outcome)
        in_a_row = 0 if outcome["sent"] else in_a_row + 1
        is_on = _note(endpoint_id, has_taken=bool(outcome["sent"]), now=timezone.now())
        if in_a_row == 3 or not is_on:
            break
    return counts


def _note(endpoint_id: int, *, has_taken: bool, now: datetime) -> bool:
    """Note how the endpoint takes what is sent; False once it is disabled."""
    rows = WebhookEndpoint.objects.filter(pk=endpoint_id)
    if has_taken:
        rows.exclude(failing_since=None).update(failing_since=None)
        return True
    rows.filter(failing_since=None).update(failing_since=now)
    endpoint = rows.get()
    latest = endpoint.deliveries.exclude(error="").order_by("-claimed_at").values_list("error", flat=True).first() or ""
    patience = timedelta(days=conf().webhook_patience_days)
    is_dead = endpoint.failing_since is not None and now - endpoint.failing_since >= patience
    if not is_dead and not latest.startswith(GONE):
        return True
    reason = f"took nothing since {endpoint.failing_since:%Y-%m-%d %H:%M} UTC: {latest}"[:200]
    if rows.filter(is_active=True).update(is_active=False, disabled_reason=reason):
        raise_alert(Alert.Kind.WEBHOOK, str(endpoint_id), f"Webhook disabled: {endpoint.name}", now=now, text=reason)
    return False
