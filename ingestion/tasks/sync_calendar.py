"""sync_calendar: fetches what changed in one calendar; nothing it meets there touches another."""

from __future__ import annotations

import structlog

from ingestion.models import Calendar
from ingestion.syncing_calendars import sync_events
from jobs import Concurrency, PermanentError, Retry, job


@job(queue="email", retry=Retry(3), concurrency=Concurrency(1, key="calendar:{calendar_id}", on_conflict="skip"))
def sync_calendar(*, calendar_id: int, user_id: int | None = None, full: bool = False) -> dict[str, int]:
    """Fetch what changed in one calendar and return {fetched, created, updated, removed, broken}.

    `user_id` must own the calendar where it is given; `full` looks at everything again. A further attempt goes on
    behind the last page stored.
    """
    calendars = Calendar.objects.filter(pk=calendar_id)
    calendar = (calendars if user_id is None else calendars.filter(owner_id=user_id)).first()
    if calendar is None:
        message = f"there is no calendar {calendar_id}" + (f" of user {user_id}" if user_id is not None else "")
        raise PermanentError(message)
    with structlog.contextvars.bound_contextvars(user_id=calendar.owner_id, calendar_id=calendar.pk):
        return sync_events(calendar, full=full).as_dict()
