"""Copies past events to an archive calendar: each occurrence once however often it runs, and never taken back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog
from django.db import transaction
from django.utils import timezone

from ingestion.calendars.errors import UnreadableCalendarError
from ingestion.calendars.excerpt import excerpt
from ingestion.calendars.ics_text import digest, parse_calendar
from ingestion.calendars.occurrences import Occurrence, occurrences
from ingestion.calendars.opening import open_calendar
from ingestion.calendars.parts import whole
from ingestion.calendars.protocol import CalendarProvider
from ingestion.models import ArchiveConfiguration, ArchivedOccurrence, CalendarSeries
from jobs.context import active_run

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class ArchiveCounts:
    """What an archiving did, in occurrences."""

    found: int = 0
    copied: int = 0
    already: int = 0
    twins: int = 0
    """Left out: the same title at the same time, under another UID."""
    unreadable: int = 0
    """Calendar objects that can't be expanded."""

    def as_dict(self) -> dict[str, int]:
        """Return the counts as a job's result."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Range:
    """Times in [since, until)."""

    since: datetime
    until: datetime


def range_of(configuration: ArchiveConfiguration, *, first: date | None, last: date | None, now: datetime) -> Range:
    """Return the days from `first` to `last`, both inclusive, in the configuration's zone; at the longest until now.

    Without `first` it reaches back `days_back` days from `last`, without `last` it ends now.

    Raises: ValueError when the range ends before it begins.
    """
    zone = ZoneInfo(configuration.zone)
    until = _midnight(last + timedelta(days=1), zone) if last else now
    day = first or until.astimezone(zone).date() - timedelta(days=configuration.days_back)
    since = _midnight(day, zone)
    if since >= until:
        message = f"the range ends on {last} before it begins on {day}"
        raise ValueError(message)
    return Range(since=since, until=min(until, now))


def archive(configuration: ArchiveConfiguration, *, within: Range) -> ArchiveCounts:
    """Copy what ended within the range from the source to the target and return the counts.

    A copy is put under its UID before it is noted, so that a process that dies in between puts the same again.
    """
    counts = ArchiveCounts()
    target = open_calendar(configuration.target)
    seen: dict[tuple[str, datetime, datetime], str] = {}
    for series, past in _past(configuration, within, counts):
        own = [each for each in past if seen.setdefault(_twin(each), each.uid) == each.uid]
        counts.found += len(past)
        counts.twins += len(past) - len(own)
        if own:
            _copy(configuration, target, series, own, counts)
        if run := active_run():
            run.progress(counts.found)
            run.stop_if_asked()
    return counts


def _past(
    configuration: ArchiveConfiguration, within: Range, counts: ArchiveCounts
) -> Iterator[tuple[CalendarSeries, list[Occurrence]]]:
    """Yield each object with those of its occurrences that ended within the range, cancelled ones left out."""
    for series in configuration.source.series.order_by("uid", "pk").iterator(chunk_size=200):
        try:
            text = parse_calendar(whole(series.source))
            found = occurrences(text, since=within.since, until=within.until, zone=configuration.source.zone)
        except UnreadableCalendarError:
            counts.unreadable += 1
            continue
        past = [each for each in found if within.since < each.ends_at <= within.until and each.status != "cancelled"]
        if past:
            yield series, past


def _copy(
    configuration: ArchiveConfiguration,
    target: CalendarProvider,
    series: CalendarSeries,
    past: Iterable[Occurrence],
    counts: ArchiveCounts,
) -> None:
    uid = series.uid
    noted = dict(configuration.archived.filter(uid=uid).values_list("occurrence", "digest"))
    wanted = {each.occurrence for each in past}
    text = excerpt(whole(series.source), {*noted, *wanted}, zone=configuration.source.zone)
    content = digest(text)
    new = wanted - set(noted)
    counts.already += len(wanted) - len(new)
    if not new and set(noted.values()) == {content}:
        return
    target.put(uid, text, zone=configuration.source.zone)
    run = active_run()
    with transaction.atomic():
        configuration.archived.filter(uid=uid).update(digest=content)
        ArchivedOccurrence.objects.bulk_create(
            [
                ArchivedOccurrence(
                    configuration=configuration,
                    uid=uid,
                    occurrence=key,
                    digest=content,
                    run_id=run.id if run else None,
                )
                for key in sorted(new)
            ],
            ignore_conflicts=True,
        )
    counts.copied += len(new)


def note_success(configuration: ArchiveConfiguration) -> None:
    """Note that everything wanted has been copied."""
    ArchiveConfiguration.objects.filter(pk=configuration.pk).update(last_archived_at=timezone.now(), last_error="")


def note_failure(configuration: ArchiveConfiguration, error: Exception) -> None:
    """Note why the last archiving failed."""
    told = f"{type(error).__name__}: {error}"[:2000]
    ArchiveConfiguration.objects.filter(pk=configuration.pk).update(last_error=told)
    log.warning("not archived", configuration=configuration.pk, error=type(error).__name__)


def _twin(each: Occurrence) -> tuple[str, datetime, datetime]:
    return " ".join(each.title.split()).casefold(), each.starts_at, each.ends_at


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)
