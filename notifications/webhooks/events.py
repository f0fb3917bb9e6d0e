"""Plans the webhooks of runs that ended: one per endpoint and end. Arguments and results never leave the house."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from jobs.models import Run
from notifications.channels import WEBHOOK
from notifications.conf import run_url
from notifications.models import Delivery, WebhookEndpoint


def plan_events(runs: Iterable[Run], *, now: datetime) -> int:
    """Plan a delivery for every run that an active endpoint wants to know of; none twice for the same end."""
    endpoints = list(WebhookEndpoint.objects.filter(is_active=True))
    if not endpoints:
        return 0
    planned = [
        Delivery(
            channel=WEBHOOK,
            endpoint=endpoint,
            address=endpoint.url,
            title=f"{run.job} {run.state.lower()}"[:200],
            body=json.dumps(event_of(run), separators=(",", ":")),
            key=f"webhook:{endpoint.pk}:{run.pk}:{run.state}:{run.finished_at:%Y%m%dT%H%M%S%f}",
            next_attempt_at=now,
        )
        for run in runs
        for endpoint in endpoints
        if endpoint.wants(run.job, run.state)
    ]
    Delivery.objects.bulk_create(planned, batch_size=500, ignore_conflicts=True)
    return len(planned)


def event_of(run: Run) -> dict[str, Any]:
    """Return the event as Standard Webhooks shapes it: type, timestamp, data."""
    return {
        "type": f"run.{run.state.lower()}",
        "timestamp": _iso(run.finished_at),
        "data": {
            "id": str(run.pk),
            "job": run.job,
            "state": run.state,
            "attempt": run.attempt,
            "owner": run.owner_id,
            "correlation_id": run.correlation_id,
            "created_at": _iso(run.created_at),
            "started_at": _iso(run.started_at),
            "finished_at": _iso(run.finished_at),
            "error_kind": run.error_kind,
            "reason": run.reason,
            "url": run_url(run.pk),
        },
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
