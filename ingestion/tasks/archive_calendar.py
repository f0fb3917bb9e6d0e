"""archive_calendar: copies a user's past events to the archive calendar; three times is the same as once."""

from __future__ import annotations

from datetime import date

import structlog
from django.utils import timezone

from ingestion.archiving import Range, archive, note_failure, note_success, range_of
from ingestion.models import ArchiveConfiguration
from ingestion.syncing_calendars import sync_events
from jobs import Concurrency, PermanentError, Retry, current_run, job
from jobs.errors import Cancelled, Interrupted, Snooze


@job(queue="email", retry=Retry(3), concurrency=Concurrency(1, key="archive:{configuration_id}"))
def archive_calendar(
    *, configuration_id: int, user_id: int | None = None, first: str | None = None, last: str | None = None
) -> dict[str, int]:
    """Copy the events that ended from `first` to `last` (days, inclusive) and return the counts.

    The days are those of the configuration's zone; by default the last `days_back` days. The source is synced first.
    `user_id` must own the configuration where it is given.
    """
    known = ArchiveConfiguration.objects.active().select_related("source", "target").filter(pk=configuration_id)
    configuration = (known if user_id is None else known.filter(owner_id=user_id)).first()
    if configuration is None:
        message = f"there is no active archive {configuration_id}" + (f" of user {user_id}" if user_id else "")
        raise PermanentError(message)
    try:
        within = range_of(
            configuration,
            first=date.fromisoformat(first) if first else None,
            last=date.fromisoformat(last) if last else None,
            now=current_run().fire_at or timezone.now(),
        )
    except ValueError as error:
        raise PermanentError(str(error)) from None
    with structlog.contextvars.bound_contextvars(user_id=configuration.owner_id):
        return _archived(configuration, within)


def _archived(configuration: ArchiveConfiguration, within: Range) -> dict[str, int]:
    try:
        current_run().once("synced", lambda: bool(sync_events(configuration.source)))
        counts = archive(configuration, within=within)
    except (Cancelled, Interrupted, Snooze):
        raise
    except Exception as error:
        note_failure(configuration, error)
        raise
    note_success(configuration)
    return counts.as_dict()
