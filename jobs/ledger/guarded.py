"""The claim of a guarded run: it takes a slot of its concurrency and a start of its rate together, or neither."""

from __future__ import annotations

import os
from contextlib import nullcontext
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from jobs.dialect import own_uuid
from jobs.ledger.rows import columns, first_of
from jobs.models import Run
from jobs.policies import RateLimit

_HELD = "jobs_run AS held WHERE held.state = 'RUNNING' AND held.concurrency_key = jobs_run.concurrency_key"
# The lowest that nobody holds: the first of all, or the one above a held one. NULL without a key.
_SLOT = (
    f"(SELECT min(slot) FROM (SELECT 0 AS slot UNION ALL SELECT held.concurrency_slot + 1 FROM {_HELD}) AS slots "  # noqa: S608 - constants
    f"WHERE jobs_run.concurrency_key IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {_HELD} AND concurrency_slot = slot))"
)
_READY = (
    "jobs_run.id = %(run)s AND jobs_run.state = 'QUEUED' "  # noqa: S608 - as above
    "AND (jobs_run.job = %(job)s OR CAST(%(job)s AS text) IS NULL) "
    "AND (jobs_run.expires_at IS NULL OR jobs_run.expires_at > %(now)s) "
    "AND (NOT jobs_run.rate_reserved OR jobs_run.run_at <= %(now)s) "
    "AND NOT EXISTS (SELECT 1 FROM jobs_queue WHERE name = jobs_run.queue AND paused_at IS NOT NULL) "
    f"AND (jobs_run.concurrency_key IS NULL OR (SELECT count(*) FROM {_HELD}) < jobs_run.concurrency_limit)"
)
_CLAIM = (
    "UPDATE jobs_run SET state = 'RUNNING', attempt = attempt + 1, token = token + 1, reason = '', "  # noqa: S608 - as above
    f"rate_reserved = FALSE, concurrency_slot = {_SLOT}, "
    "started_at = %(now)s, worker_id = %(worker)s, process_id = %(process)s "
    f"WHERE {_READY} AND ({{start}} OR rate_key IS NULL OR rate_reserved) RETURNING {columns()}"
)
# Its lock is taken before the run's, as by whoever reserves a later start.
_START = (
    "INSERT INTO jobs_ratebucket (key, next_start_at) SELECT rate_key, {following} FROM jobs_run "  # noqa: S608 - as above
    f"WHERE {_READY} AND rate_key IS NOT NULL AND NOT rate_reserved "
    "ON CONFLICT (key) DO UPDATE SET next_start_at = excluded.next_start_at "
    "WHERE jobs_ratebucket.next_start_at <= %(now)s"
)
_CLAIM_UNLIMITED = _CLAIM.format(start="TRUE")
# On PostgreSQL in one statement; SQLite has no writes within another.
_CLAIM_POSTGRES = (
    f"WITH start AS ({_START.format(following='CAST(%(following)s AS timestamptz)')} RETURNING key) "  # noqa: S608 - as above
    f"{_CLAIM.format(start='EXISTS (SELECT 1 FROM start)')}"
)
_START_SQLITE, _CLAIM_UNSTARTED = _START.format(following="%(following)s"), _CLAIM.format(start="FALSE")


class Claim(NamedTuple):
    """Who takes which run (of which job), and when."""

    run_id: UUID
    worker_id: UUID
    now: datetime
    job: str | None

    def columns(self) -> dict[str, Any]:
        """Return it as a statement's parameters."""
        return {
            "run": own_uuid(self.run_id),
            "job": self.job,
            "now": connection.ops.adapt_datetimefield_value(self.now),
            "worker": own_uuid(self.worker_id),
            "process": os.getpid(),
        }


def claim_guarded(claim: Claim, rate: RateLimit | None) -> Run | None:
    """Take the run if nothing speaks against it; None when something does, or another took its slot at this moment."""
    given = claim.columns()
    try:
        with transaction.atomic() if connection.in_atomic_block else nullcontext():
            if rate is None:
                return first_of(_CLAIM_UNLIMITED, given)
            _, following = rate.reserve(claim.now, now=claim.now)
            return _claim_limited({**given, "following": connection.ops.adapt_datetimefield_value(following)})
    except IntegrityError as error:
        if "concurrency_slot" not in str(error):
            raise
        return None


def _claim_limited(given: dict[str, Any]) -> Run | None:
    if connection.vendor == "postgresql":
        return first_of(_CLAIM_POSTGRES, given)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_START_SQLITE, given)
            claim = _CLAIM_UNLIMITED if cursor.rowcount else _CLAIM_UNSTARTED
        return first_of(claim, given)
