"""sync_account: fetches what is new in one mailbox; nothing it meets there touches another account."""

from __future__ import annotations

import structlog

from ingestion.conf import conf
from ingestion.models import Account
from ingestion.syncing import sync
from jobs import Concurrency, PermanentError, RateLimit, Retry, job

PER_MINUTE = conf().provider_syncs_per_minute


@job(
    queue="email",
    retry=Retry(3),
    concurrency=Concurrency(1, key="account:{account_id}", on_conflict="skip"),
    rate_limit=RateLimit(PER_MINUTE, 60.0, key="{provider}") if PER_MINUTE else None,
)
def sync_account(
    *,
    account_id: int,
    user_id: int | None = None,
    provider: str = "",
    full: bool = False,
    lookback_days: int | None = None,
    limit: int | None = None,
) -> dict[str, int]:
    """Fetch what is new in one account and return the counts (ingestion.storing.Counts).

    `user_id` must own the account where it is given. Syncs of one `provider` start at most PROVIDER_SYNCS_PER_MINUTE
    times a minute, over all workers. `full` looks at everything again; `lookback_days` bounds how far
    a first or full sync reaches back. A further attempt goes on behind the last page stored.
    """
    accounts = Account.objects.filter(pk=account_id)
    account = (accounts if user_id is None else accounts.filter(owner_id=user_id)).first()
    if account is None:
        message = f"there is no account {account_id}" + (f" of user {user_id}" if user_id is not None else "")
        raise PermanentError(message)
    with structlog.contextvars.bound_contextvars(user_id=account.owner_id, account_id=account.pk):
        return sync(account, full=full, lookback_days=lookback_days, limit=limit).as_dict()
