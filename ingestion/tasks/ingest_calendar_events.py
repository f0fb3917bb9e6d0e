"""ingest_calendar_events: one sync per active calendar, each a run of its own, so one failure touches one calendar."""

from __future__ import annotations

from ingestion.conf import conf
from ingestion.models import Calendar
from ingestion.tasks.sync_calendar import sync_calendar
from jobs import Retry, current_run, every, job


@job(queue="email", schedule=every(minutes=conf().email_sync_interval_minutes), retry=Retry(3))
def ingest_calendar_events(
    *, user_id: int | None = None, full: bool = False, provider: str | None = None
) -> dict[str, int]:
    """Sync every active calendar, or those of one user or provider; returns {calendars}, joined by the syncs' totals.

    Calendars that only hold archived copies are left out.
    """
    calendars = Calendar.objects.active().filter(is_archive=False).order_by("pk")
    if user_id is not None:
        calendars = calendars.filter(owner_id=user_id)
    if provider is not None:
        calendars = calendars.filter(provider=provider)
    rows = calendars.values_list("pk", "owner_id", "provider").iterator()
    children = ({"calendar_id": pk, "user_id": owner_id, "provider": at, "full": full} for pk, owner_id, at in rows)
    return {"calendars": len(current_run().spawn(sync_calendar, children, owner="user_id"))}
