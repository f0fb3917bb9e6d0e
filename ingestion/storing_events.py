"""Stores changed calendar objects and what happens when, within the window; in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from ingestion.calendars.errors import UnreadableCalendarError
from ingestion.calendars.ics_text import parse_calendar
from ingestion.calendars.occurrences import Occurrence, is_recurring, occurrences
from ingestion.calendars.parts import merged, whole
from ingestion.calendars.protocol import Change
from ingestion.conf import conf
from ingestion.contacts import Person, note_contacts, people_in
from ingestion.models import Calendar, CalendarEvent, CalendarSeries


@dataclass(slots=True)
class EventCounts:
    """What a calendar's sync did."""

    fetched: int = 0
    """Calendar objects that were new, changed or gone."""
    created: int = 0
    """Events (occurrences), as the next two."""
    updated: int = 0
    removed: int = 0
    broken: int = 0
    """Calendar objects that can't be read; kept with the reason."""

    def as_dict(self) -> dict[str, int]:
        """Return the counts as a job's result."""
        return asdict(self)

    def add(self, more: EventCounts) -> None:
        """Add what was done further."""
        for name, value in asdict(more).items():
            setattr(self, name, getattr(self, name) + value)


@dataclass(frozen=True, kw_only=True)
class Window:
    """The time in which recurring events are expanded."""

    since: datetime
    until: datetime


def window_at(now: datetime) -> Window:
    """Return the window around `now`, from midnight UTC to midnight UTC."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return Window(
        since=day - timedelta(days=conf().calendar_back_days), until=day + timedelta(days=conf().calendar_ahead_days)
    )


def versions_of(calendar: Calendar, keys: list[str]) -> dict[str, str]:
    """Return the stored versions of those provider keys."""
    return dict(calendar.series.filter(provider_key__in=keys).values_list("provider_key", "version"))


def store_changes(calendar: Calendar, changes: Iterable[Change], *, window: Window, run_id: UUID | None) -> EventCounts:
    """Store the objects and their events, and return the counts."""
    counts = EventCounts()
    given = list(changes)
    known = {series.provider_key: series for series in calendar.series.filter(provider_key__in=[c.key for c in given])}
    for change in given:
        if change.source is None and change.key not in known:
            continue
        counts.fetched += 1
        series = known.get(change.key) or CalendarSeries(calendar=calendar, provider_key=change.key, source="")
        source = merged(series.source, change)
        if not source:
            counts.removed += _remove(calendar, Q(pk=series.pk))
            known.pop(change.key, None)
            continue
        series.source, series.version = source, change.version
        counts.add(expand(series, window=window, run_id=run_id))
        known[change.key] = series
    return counts


def remove_all_but(calendar: Calendar, present: frozenset[str], *, since: datetime | None = None) -> EventCounts:
    """Remove the objects that a full listing didn't have; with `since` only those that have an event after it."""
    listed = calendar.series.filter(events__ends_at__gt=since) if since else calendar.series
    stored = set(listed.values_list("provider_key", flat=True))
    gone = list(stored - present)
    removed = sum(
        _remove(calendar, Q(provider_key__in=gone[start : start + 500])) for start in range(0, len(gone), 500)
    )
    return EventCounts(fetched=len(gone), removed=removed)


def expand(series: CalendarSeries, *, window: Window, run_id: UUID | None) -> EventCounts:
    """Save the object and bring its events within the window up to date; what lies before the window stays."""
    counts = EventCounts()
    found: list[Occurrence] = []
    try:
        parsed = parse_calendar(whole(series.source))
        series.is_recurring = is_recurring(parsed)
        since = window.since if series.is_recurring else window.since - timedelta(days=36_500)
        until = window.until if series.is_recurring else window.until + timedelta(days=36_500)
        if not series.calendar.is_archive:
            found = occurrences(parsed, since=since, until=until, zone=series.calendar.zone)
        series.error = ""
    except UnreadableCalendarError as error:
        series.error = str(error)[:500]
        counts.broken = 1
    series.uid = found[0].uid if found else series.uid or series.provider_key
    series.expanded_until = window.until if series.is_recurring and not series.error else None
    series.save()
    note_contacts(series.calendar.owner_id, _people(found))
    counts.add(_replace(series, found, window=window, run_id=run_id))
    return counts


def _replace(series: CalendarSeries, found: list[Occurrence], *, window: Window, run_id: UUID | None) -> EventCounts:
    counts = EventCounts()
    known = {(event.uid, event.occurrence): event for event in series.events.all()}
    place = {"owner_id": series.calendar.owner_id, "calendar": series.calendar, "series": series}
    new: list[CalendarEvent] = []
    for each in {(one.uid, one.occurrence): one for one in found}.values():
        event = known.pop((each.uid, each.occurrence), None)
        if event is None:
            new.append(CalendarEvent(**place, ingested_by=run_id, **vars(each)))
        else:
            counts.updated += _update(event, vars(each))
    counts.created = len(CalendarEvent.objects.bulk_create(new, batch_size=500))
    outdated = [event.pk for event in known.values() if not series.is_recurring or event.starts_at >= window.since]
    counts.removed += CalendarEvent.objects.filter(pk__in=outdated).delete()[0]
    return counts


def _people(found: list[Occurrence]) -> list[Person]:
    """Return whom the user meets; of a series the last time counts as seen."""
    last = found[-1:]
    pairs = [
        (person["name"], person["address"])
        for each in last
        for person in ({"name": each.organizer_name, "address": each.organizer_address}, *each.attendees)
    ]
    return people_in(pairs, seen_at=min(last[0].starts_at, timezone.now())) if last else []


def _update(event: CalendarEvent, values: dict[str, Any]) -> bool:
    changed = [name for name, value in values.items() if getattr(event, name) != value]
    for name in changed:
        setattr(event, name, values[name])
    if changed:
        event.save(update_fields=[*changed, "changed_at"])
    return bool(changed)


def _remove(calendar: Calendar, which: Q) -> int:
    gone = calendar.series.filter(which)
    removed = CalendarEvent.objects.filter(series__in=gone).count()
    gone.delete()
    return removed
