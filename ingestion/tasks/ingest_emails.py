"""ingest_emails: one sync per active account, each a run of its own, so that one failure touches one account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ingestion.conf import conf
from ingestion.models import Account
from ingestion.tasks.sync_account import sync_account
from jobs import Retry, current_run, every, job


@job(queue="email", schedule=every(minutes=conf().email_sync_interval_minutes), retry=Retry(3))
def ingest_emails(
    *,
    user_id: int | None = None,
    full: bool = False,
    lookback_days: int | None = None,
    provider: str | None = None,
) -> dict[str, int]:
    """Sync every active account, or those of one user or provider; returns {accounts}, joined by the syncs' totals."""
    accounts = Account.objects.active().order_by("pk")
    if user_id is not None:
        accounts = accounts.filter(owner_id=user_id)
    if provider is not None:
        accounts = accounts.filter(provider=provider)
    rows = accounts.values_list("pk", "owner_id", "provider").iterator()
    options = {"full": full, "lookback_days": lookback_days}
    spawned = current_run().spawn(sync_account, _each(rows, options), owner="user_id")
    return {"accounts": len(spawned)}


def _each(rows: Iterator[tuple[int, int, str]], options: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for account_id, owner_id, provider in rows:
        yield {"account_id": account_id, "user_id": owner_id, "provider": provider, **options}
