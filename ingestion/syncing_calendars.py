"""Syncs one calendar: fetch a page of changes, store it with the cursor; a killed sync goes on at its last page."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ingestion.access import disable, look_until_quiet, not_before
from ingestion.calendars.opening import open_calendar
from ingestion.calendars.protocol import ChangePage
from ingestion.models import Calendar
from ingestion.storing_events import (
    EventCounts,
    Window,
    expand,
    remove_all_but,
    store_changes,
    versions_of,
    window_at,
)
from jobs.context import active_run
from jobs.errors import Cancelled, Interrupted

# A recurring event is expanded further once so much of the window has passed.
RENEWAL = timedelta(days=30)

log = structlog.get_logger(__name__)


def sync_events(calendar: Calendar, *, full: bool = False) -> EventCounts:
    """Store what changed in the calendar and return the counts, over all attempts of the run.

    Raises:
        ProviderError: kept in the calendar's last_error; refused credentials make the calendar inactive.
    """
    not_before(calendar.retry_at)
    run = active_run()
    counts = EventCounts(**(run.checkpointed("counts") or {})) if run else EventCounts()

    def look() -> None:
        calendar.refresh_from_db(fields=["cursor"])
        _look(calendar, counts, full=full)

    try:
        look_until_quiet(calendar, look)
    except (Cancelled, Interrupted):
        raise
    except Exception as error:
        disable(calendar, error)
        raise
    Calendar.objects.filter(pk=calendar.pk).update(last_synced_at=timezone.now(), last_error="", retry_at=None)
    log.info("calendar synced", calendar=calendar.pk, **counts.as_dict())
    return counts


def _look(calendar: Calendar, counts: EventCounts, *, full: bool) -> None:
    window = window_at(timezone.now())
    pages = open_calendar(calendar).changes(
        calendar.cursor, full=full and not counts.fetched, versions=partial(versions_of, calendar)
    )
    for page in pages:
        _commit(calendar, page, counts, window=window)
    _renew(calendar, counts, window=window)


def _commit(calendar: Calendar, page: ChangePage, counts: EventCounts, *, window: Window) -> None:
    run = active_run()
    with transaction.atomic():
        Calendar.objects.select_for_update().get(pk=calendar.pk)
        counts.add(store_changes(calendar, page.changes, window=window, run_id=run.id if run else None))
        if page.present is not None:
            counts.add(remove_all_but(calendar, page.present, since=page.listed_since))
        Calendar.objects.filter(pk=calendar.pk).update(cursor=page.cursor)
        if run:
            run.checkpoint(counts=counts.as_dict())
    if run:
        run.progress(counts.fetched)
        run.stop_if_asked()


def _renew(calendar: Calendar, counts: EventCounts, *, window: Window) -> None:
    """Expand recurring events further, as the window moves on."""
    run = active_run()
    short = Q(expanded_until=None) | Q(expanded_until__lt=window.until - RENEWAL)
    for series in calendar.series.filter(short, is_recurring=True, error=""):
        series.calendar = calendar
        with transaction.atomic():
            counts.add(expand(series, window=window, run_id=run.id if run else None))
