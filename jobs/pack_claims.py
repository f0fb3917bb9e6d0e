"""Claiming packs: of each tenant its share, by turns that an index tells, however long one tenant's backlog is."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial

import structlog
from django.db import Error, connection

from jobs import ledger, presence, turns
from jobs.bell_message import Key
from jobs.conf import conf
from jobs.dialect import is_database_fault, patiently
from jobs.models import Run

log = structlog.get_logger(__name__)

TENANTS_SECONDS = 1.0


@dataclass(slots=True)
class _Alone:
    """The only tenant of a key whose runs were due when somebody looked, and how many of them were claimed since."""

    tenant: str
    looked_at: float
    claimed: int

    def still(self, key: Key, *, claims: int) -> bool:
        """Whether it is alone as far as is known; looks again before another has been kept waiting for long."""
        now = time.monotonic()
        if now - self.looked_at > TENANTS_SECONDS or self.claimed + claims > conf().window // 2:
            if ledger.others_wait(*key, self.tenant, now=ledger.now()):
                return False
            self.looked_at, self.claimed = now, 0
        self.claimed += claims
        return True


_alone: dict[Key, _Alone] = {}
_crowded: set[Key] = set()


def claim(key: Key, most: int, *, hears_bell: bool = False) -> tuple[list[Run], bool]:
    """Claim up to `most` runs, of each tenant its share; and say whether one had as many, so that more may be due.

    While no more than that were due the last time, it first tries to take all there are: nobody's turn matters then.
    `hears_bell` notes that the bell has come, before that look or with it.
    """
    if key not in _crowded:
        if runs := _claim_share(key, None, most, hears_bell=hears_bell):
            return runs, False
    elif hears_bell:
        patiently(partial(ledger.clear_bell, *key), seconds=conf().database_patience_seconds, what="hear")
    runs = []
    has_more = False
    shares = patiently(partial(_shares, key, most), seconds=conf().database_patience_seconds, what="take turns")
    for tenant, share in shares.items():
        claimed = _claim_share(key, tenant, share)
        has_more |= len(claimed) == share
        runs += claimed
    if has_more:
        _crowded.add(key)
    else:
        _crowded.discard(key)
        _alone.pop(key, None)
    return runs, has_more


def _claim_share(key: Key, tenant: str | None, most: int, *, hears_bell: bool = False) -> list[Run]:
    """Claim runs of one tenant, or all; when the answer is lost with the database, look first whether it counted."""
    mine, now = presence.claiming_id(), ledger.now()
    if tenant is None:
        claim = partial(ledger.claim_few, *key, most=most, worker_id=mine, now=now, hears_bell=hears_bell)
    else:
        claim = partial(ledger.claim_pack, *key, tenant, most=most, worker_id=mine, now=now)
    try:
        return claim()
    except Error as error:
        if not is_database_fault(error):
            raise
        log.warning("database fault in a claim, looking what it took", job=key.job, error=str(error))
    connection.close()
    again = lambda: ledger.claimed_in_pack(*key, tenant, worker_id=mine, at=now) or claim()  # noqa: E731
    return patiently(again, seconds=conf().database_patience_seconds, what="claim a pack")


def _shares(key: Key, most: int) -> dict[str, int]:
    """Return how many runs of each tenant to take; for one that is alone, others are looked for every half window."""
    alone = _alone.pop(key, None)
    if alone is not None and alone.still(key, claims=most):
        _alone[key] = alone
        return {alone.tenant: most}
    due = ledger.due_in_pack(*key, now=ledger.now())
    shares = turns.next_tenants(f"{key.queue} {key.job}", due, places=most)
    # As many places as turns, or fewer: others may not have been asked for.
    if len(shares) == 1 and turns.weight(tenant := next(iter(shares))) < most:
        _alone[key] = _Alone(tenant, looked_at=time.monotonic(), claimed=most)
    return shares
