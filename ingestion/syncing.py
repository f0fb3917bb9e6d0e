"""Syncs one account: fetch a page, understand it, store it with the cursor; a killed sync goes on at its last page."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime, timedelta
from functools import partial

import structlog
from django.db import transaction
from django.utils import timezone

from ingestion.access import disable, look_until_quiet, not_before
from ingestion.conf import conf
from ingestion.models import Account
from ingestion.providers.opening import open_provider
from ingestion.providers.protocol import Page, Provider
from ingestion.storing import Counts, known_keys, store, understand
from ingestion.storing_sightings import forget_places, note_sightings
from jobs.context import active_run
from jobs.errors import Cancelled, Interrupted

log = structlog.get_logger(__name__)


def sync(account: Account, *, full: bool = False, lookback_days: int | None = None, limit: int | None = None) -> Counts:
    """Store what is new in the account's mailbox and return the counts, over all attempts of the run.

    Raises:
        ProviderError: kept in the account's last_error; refused credentials make the account inactive.
    """
    not_before(account.retry_at)
    run = active_run()
    counts = Counts(**(run.checkpointed("counts") or {})) if run else Counts()

    def look() -> None:
        account.refresh_from_db(fields=["cursor"])
        _look(account, counts, full=full, lookback_days=lookback_days, limit=limit)

    try:
        look_until_quiet(account, look)
    except (Cancelled, Interrupted):
        raise
    except Exception as error:
        disable(account, error)
        raise
    Account.objects.filter(pk=account.pk).update(last_synced_at=timezone.now(), last_error="", retry_at=None)
    log.info("account synced", account=account.pk, **counts.as_dict())
    return counts


def _look(account: Account, counts: Counts, *, full: bool, lookback_days: int | None, limit: int | None) -> None:
    if limit is not None:
        limit -= counts.fetched
        if limit <= 0:
            return
    provider = open_provider(account)
    days = lookback_days if lookback_days is not None else _default_lookback(provider, full=full)
    pages = provider.fetch(
        # What an earlier attempt of a full sync has read needs no second look.
        account.cursor,
        full=full and not counts.fetched,
        since=timezone.now() - timedelta(days=days) if days is not None else None,
        limit=limit,
        known=partial(known_keys, account),
    )
    for page in pages:
        _commit(account, page, counts, copies=provider.keys_are_stable)


def _commit(account: Account, page: Page, counts: Counts, *, copies: bool) -> None:
    """Store the page, the cursor behind it and the counts so far: all or nothing."""
    run, now = active_run(), timezone.now()
    arrivals = understand(account, page.mails, now=now)
    with transaction.atomic():
        Account.objects.select_for_update().get(pk=account.pk)
        stored = store(account, arrivals, run_id=run.id if run else None, now=now, copies=copies)
        _note_changes(account, page, counts, now=now)
        Account.objects.filter(pk=account.pk).update(cursor=page.cursor)
        _add(counts, stored)
        if run:
            run.checkpoint(counts=counts.as_dict())
    if run:
        run.progress(counts.fetched)
        run.stop_if_asked()


def _note_changes(account: Account, page: Page, counts: Counts, *, now: datetime) -> None:
    if page.forgotten:
        forget_places(account, page.forgotten)
    changed, gone = note_sightings(account, page.sightings, now=now) if page.sightings else (0, 0)
    counts.changed += changed
    counts.gone += gone


def _default_lookback(provider: Provider, *, full: bool) -> int | None:
    return conf().email_sync_lookback_days if provider.looks_back and not full else None


def _add(total: Counts, more: Counts) -> None:
    for field in fields(Counts):
        setattr(total, field.name, getattr(total, field.name) + getattr(more, field.name))
