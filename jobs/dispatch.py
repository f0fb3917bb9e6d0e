"""Sends to the broker whatever is due: times that came, retries, rows whose message never went or got lost."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F, Max, Q, Window
from django.db.models.functions import RowNumber

from jobs import bell, broker, ledger, turns, window
from jobs.bell_message import Key
from jobs.conf import conf
from jobs.dialect import claimable
from jobs.models import Run, Worker
from jobs.models.run import URGENT_FIRST, RunQuerySet
from jobs.publish import is_broker_away, note_broker_fault, publish_or_leave
from jobs.states import State

log = structlog.get_logger(__name__)

BATCH = 500
KEYED_AT_LEAST = 50
# By time, not by id: ids of chains, groups and foreign clients are random and would queue behind everything.
OLDEST_FIRST = ("created_at", "id")


def dispatch(*, now: datetime) -> int:
    """Release what is due, publish or ring for what waits, on every queue with room; returns how many messages went."""
    while ledger.release_due(now=now, limit=BATCH) == BATCH:
        pass
    sent = 0 if is_broker_away() else sum(bell.ring(Key(*key)) for key in turns.waiting_packs(now))
    for queue in [] if is_broker_away() else turns.waiting_queues():
        if not is_broker_away(queue):
            sent += publish_waiting(queue, now=now)
    return sent


def publish_waiting(queue: str, *, now: datetime) -> int:
    """Publish unpublished runs of a queue, most urgent first, up to its window; returns how many messages went."""
    room = conf().window - window.published(queue)
    sent = 0
    while room > 0 and (batch := _take(queue, now=now, limit=min(room, BATCH))):
        went = publish_or_leave(batch)
        sent, room = sent + went, room - len(batch)
        if went < len(batch):
            break
    return sent


def forget_lost_messages(*, now: datetime) -> int:
    """Find published runs that nobody claimed although their message must be gone; they are published again.

    A run is looked at once it has waited `republish_seconds`; a message too many is dropped at the claim.
    """
    old = now - timedelta(seconds=conf().republish_seconds)
    suspects = Run.objects.filter(state=State.QUEUED, published_at__lt=old)
    forgotten = 0
    for queue in suspects.each("queue"):
        if not is_broker_away(queue):
            forgotten += _forget_lost(queue, suspects.filter(queue=queue))
    return forgotten


def _forget_lost(queue: str, suspects: RunQuerySet) -> int:
    """Give up the oldest messages of a queue, as many as it is short of, and all that younger ones have overtaken.

    The second finds losses that a backlog of foreign or doubled messages hides from the first.
    """
    depth = broker.depth(queue)
    if depth is None:
        note_broker_fault(queue)
        return 0
    with transaction.atomic():
        oldest = suspects.order_by("published_at")
        lost = {run.pk for run in claimable(oldest.only("pk"))[: max(0, window.published(queue) - depth)]}
        if depth:
            lost |= {run.pk for run in claimable(oldest.filter(_overtaken(queue)).only("pk"))}
        ledger.mark_unpublished(list(lost), reason="message lost")
    if lost:
        log.warning(
            "messages neither at the broker nor claimed, publishing again", queue=queue, runs=len(lost), depth=depth
        )
    return len(lost)


def _overtaken(queue: str) -> Q:
    """Match runs published well before one that a worker has taken from the queue, and no less urgent than it."""
    slack = timedelta(seconds=conf().republish_seconds)
    taken = Run.objects.running().filter(queue=queue, published_at__isnull=False, worker__kind=Worker.Kind.WORKER)
    latest = taken.order_by().values_list("priority").annotate(Max("published_at"))
    overtaken = Q(pk=None)
    for priority, at in latest:
        overtaken |= Q(priority__gte=priority, published_at__lt=at - slack)
    return overtaken


def _take(queue: str, *, now: datetime, limit: int) -> list[Run]:
    """Mark up to `limit` waiting runs as published, fairly over the tenants, and return them in that order."""
    with transaction.atomic():
        rows = _unpublished(queue, now)
        free = rows.filter(concurrency_key=None)
        chosen: list[Run] = []
        for tenant, share in turns.next_tenants(queue, free, places=limit).items():
            urgent_first = free.filter(tenant=tenant).order_by(*URGENT_FIRST)
            chosen += claimable(urgent_first)[:share]
        if keyed := _with_free_slots(queue, now)[: max(limit - len(chosen), KEYED_AT_LEAST)]:
            chosen += claimable(rows.filter(pk__in=keyed))
        ledger.mark_published([run.pk for run in chosen], now=now)
    return _in_turn(chosen)


def _unpublished(queue: str, now: datetime) -> RunQuerySet:
    return Run.objects.filter(queue=queue, state=State.QUEUED, published_at=None, is_packed=False, run_at__lte=now)


def _in_turn(runs: list[Run]) -> list[Run]:
    """Return the runs so that tenants take turns, most urgent first within each."""
    taken: Counter[str] = Counter()
    order = []
    for run in sorted(runs, key=lambda run: (-run.priority, run.created_at, run.pk)):
        order.append((-run.priority, taken[run.tenant], run.created_at, run.pk, run))
        taken[run.tenant] += 1
    return [run for *_, run in sorted(order, key=lambda entry: entry[:4])]


def _with_free_slots(queue: str, now: datetime) -> list[UUID]:
    """Return ids of waiting runs with a concurrency key, only as many per key as it has free slots."""
    keyed = Run.objects.unfinished().filter(concurrency_key__isnull=False)
    if not keyed.any_in_order("concurrency_key", *URGENT_FIRST):
        return []
    rows = _unpublished(queue, now).filter(concurrency_key__isnull=False)
    numbered = rows.annotate(
        place=Window(RowNumber(), partition_by=F("concurrency_key"), order_by=URGENT_FIRST)
    ).filter(place__lte=F("concurrency_limit"))
    waiting = list(
        numbered.order_by(*OLDEST_FIRST).values_list("pk", "concurrency_key", "concurrency_limit", "place")[:BATCH]
    )
    held = _held({key for _, key, _, _ in waiting}, queue)
    return [pk for pk, key, most, place in waiting if place <= most - held[key]]


def _held(keys: set[str | None], queue: str) -> Counter[str | None]:
    """Return how many slots of each key are taken, or will be by messages on their way."""
    running = Run.objects.running().filter(concurrency_key__in=keys)
    on_their_way = Run.objects.filter(
        queue=queue, state=State.QUEUED, published_at__isnull=False, concurrency_key__in=keys
    )
    return Counter([key for rows in (running, on_their_way) for key in rows.values_list("concurrency_key", flat=True)])
