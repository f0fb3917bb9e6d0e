"""Keeps the index of search up to date: words first, which cost no outside call; then meanings, in batches."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import structlog
from django.db import transaction
from django.db.models import F, Model, Q, QuerySet
from django.utils import timezone

from ingestion.embedding.protocol import Embedder
from ingestion.models import CalendarSeries, Mail, SearchEntry
from ingestion.searching.documents import document_of_mail, document_of_series, meaning_of
from ingestion.searching.full_text import index_words
from ingestion.searching.vectors import packed
from jobs.context import active_run

BATCH = 50
M = TypeVar("M", bound=Model)

log = structlog.get_logger(__name__)


def index_mails() -> int:
    """Index the mails that aren't yet, and return how many."""
    mails = Mail.objects.filter(search_entry=None).select_related("account").prefetch_related("attachments")
    return _each_batch(mails.defer("raw"), _index_mails)


def index_series() -> int:
    """Index the calendar objects that are new or have changed, copies in archives left out; returns how many."""
    changed = Q(search_entry=None) | Q(search_entry__indexed_at__lt=F("changed_at"))
    series = CalendarSeries.objects.filter(changed, calendar__is_archive=False, events__isnull=False).distinct()
    return _each_batch(series.select_related("calendar", "search_entry"), _index_series)


def embed_entries(embedder: Embedder) -> int:
    """Give a vector to each entry that has none of this embedder's, and return how many.

    Raises: what the embedder does; what was embedded before stays.
    """
    name = embedder.name
    # Two ranges of an index, where "other than" would read every row.
    entries = SearchEntry.objects.filter(Q(embedded_by__lt=name) | Q(embedded_by__gt=name))
    entries = entries.select_related("mail", "series").prefetch_related("mail__attachments")

    def embed(some: list[SearchEntry]) -> None:
        for entry, vector in zip(some, embedder.embed([_meaning(entry) for entry in some]), strict=True):
            entry.vector, entry.embedded_by = packed(vector), name
        SearchEntry.objects.bulk_update(some, ["vector", "embedded_by"])

    return _each_batch(entries, embed)


def _each_batch(rows: QuerySet[M], act: Callable[[list[M]], None]) -> int:
    run, done, last = active_run(), 0, 0
    while some := list(rows.filter(pk__gt=last).order_by("pk")[:BATCH]):
        act(some)
        done, last = done + len(some), some[-1].pk
        if run:
            run.progress(done)
            run.stop_if_asked()
    return done


def _index_mails(mails: list[Mail]) -> None:
    now = timezone.now()
    entries = [
        SearchEntry(owner_id=mail.account.owner_id, mail=mail, happened_at=mail.sent_at, indexed_at=now)
        for mail in mails
    ]
    with transaction.atomic():
        # Two runs at once may meet in a mail; the later one leaves it alone.
        SearchEntry.objects.bulk_create(entries, ignore_conflicts=True)
        ids = dict(SearchEntry.objects.filter(mail__in=mails).values_list("mail_id", "pk"))
        index_words((ids[mail.pk], document_of_mail(mail)) for mail in mails if mail.pk in ids)


def _index_series(series: list[CalendarSeries]) -> None:
    now = timezone.now()
    with transaction.atomic():
        index_words([(_entry_of(each, now).pk, document_of_series(each)) for each in series])


def _entry_of(series: CalendarSeries, now: datetime) -> SearchEntry:
    starts = series.events.order_by("starts_at").values_list("starts_at", flat=True)
    values = {"happened_at": starts[0], "indexed_at": now, "embedded_by": "", "vector": None}
    known = {"owner_id": series.calendar.owner_id}
    return SearchEntry.objects.update_or_create(series=series, defaults=values, create_defaults=values | known)[0]


def _meaning(entry: SearchEntry) -> str:
    if entry.mail:
        return meaning_of(document_of_mail(entry.mail), own_words=entry.mail.reply_text)
    assert entry.series is not None
    return meaning_of(document_of_series(entry.series))
