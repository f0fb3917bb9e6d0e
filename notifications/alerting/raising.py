"""Raises alerts: the same thing seen again is counted, not told again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import F

from notifications.models import Alert


def raise_alert(  # noqa: PLR0913 - one column each
    kind: Alert.Kind,
    key: str,
    title: str,
    *,
    now: datetime,
    text: str = "",
    run_id: UUID | None = None,
    correlation_id: str = "",
    times: int = 1,
) -> None:
    """Note that something is wrong; `key` says what, the latest title and text are kept."""
    told = {"title": title[:200], "text": text, "run_id": run_id, "correlation_id": correlation_id, "last_at": now}
    full_key = f"{kind}:{key}"[:200]
    _, created = Alert.objects.get_or_create(
        key=full_key, defaults={"kind": kind, "first_at": now, "count": times, **told}
    )
    if not created:
        Alert.objects.filter(key=full_key).update(count=F("count") + times, **told)
