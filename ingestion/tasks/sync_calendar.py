"""sync_calendar: fetches what changed in one calendar; nothing it meets there touches another."""

from __future__ import annotations

import structlog

from ingestion.conf import conf
from ingestion.models import Calendar
from ingestion.syncing_calendars import sync_events
from jobs import Concurrency, PermanentError, RateLimit, Retry, job

PER_MINUTE = conf().provider_syncs_per_minute


@job(
    queue="email",
    retry=Retry(3),
    concurrency=Concurrency(1, key="calendar:{calendar_id}", on_conflict="skip"),
    rate_limit=RateLimit(PER_MINUTE, 60.0, key="{provider}") if PER_MINUTE else None,
)
def sync_calendar(
    *, calendar_id: int, user_id: int | None = None, provider: str = "", full: bool = False
) -> dict[str, int]:
    """Fetch what changed in one calendar and return {fetched, created, updated, removed, broken}.

    `user_id` must own the calendar where it is given; `full` looks at everything again. A further attempt goes on
    behind the last page stored. Syncs of one `provider` start at most PROVIDER_SYNCS_PER_MINUTE times a minute.
    """
    calendars = Calendar.objects.filter(pk=calendar_id)
    calendar = (calendars if user_id is None else calendars.filter(owner_id=user_id)).first()
    if calendar is None:
        message = f"there is no calendar {calendar_id}" + (f" of user {user_id}" if user_id is not None else "")
        raise PermanentError(message)
    with structlog.contextvars.bound_contextvars(user_id=calendar.owner_id, calendar_id=calendar.pk):
        return sync_events(calendar, full=full).as_dict()
