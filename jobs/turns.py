"""Which queues wait for the dispatcher, and which tenants' turn it is: by index seeks, however long the backlog."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from jobs.conf import conf
from jobs.models import Queue, Run
from jobs.models.run import URGENT_FIRST, RunQuerySet
from jobs.states import State

_last: dict[str, tuple[str, int]] = {}


def waiting_queues() -> Iterator[str]:
    """Yield the queues that aren't paused and hold unpublished runs, whether due or not."""
    paused: set[str] | None = None
    for queue in Run.objects.filter(state=State.QUEUED, published_at=None, is_packed=False).each("queue"):
        paused = _paused() if paused is None else paused
        if queue not in paused:
            yield queue


def waiting_packs(now: datetime) -> Iterator[tuple[str, str]]:
    """Yield (queue, job) of every job whose packed runs are due in a queue that isn't paused."""
    packed = Run.objects.filter(state=State.QUEUED, is_packed=True)
    rows = packed.order_by("queue", "job").values_list("queue", "job")
    found = rows.first()
    paused = set() if found is None else _paused()
    while found is not None:
        queue, job = found
        due = packed.filter(queue=queue, job=job, run_at__lte=now)
        if queue not in paused and due.any_in_order("tenant", *URGENT_FIRST):
            yield queue, job
        found = rows.filter(queue=queue, job__gt=job).first() or rows.filter(queue__gt=queue).first()


def next_tenants(queue: str, rows: RunQuerySet, *, places: int) -> dict[str, int]:
    """Return how many of the rows each tenant may start now: by turns as long as its weight, going on where they stood.

    What is left of a turn that found no more places comes first the next time.
    """
    last, left = _last.get(queue, (None, 0))
    shares: dict[str, int] = {}
    room = places
    for tenant in _from(rows, after=last, again=left > 0):
        turn = left if left and tenant == last else weight(tenant)
        shares[tenant] = min(turn, room)
        room -= shares[tenant]
        _last[queue] = tenant, turn - shares[tenant]
        if not room:
            return shares
    whole = {tenant: weight(tenant) for tenant in shares}
    rounds = places // max(1, sum(whole.values()))
    return {tenant: turn * rounds for tenant, turn in whole.items()} if rounds else shares


def weight(tenant: str) -> int:
    """Return how many runs the tenant starts in its turn."""
    return conf().tenant_weights.get(tenant, 1)


def _paused() -> set[str]:
    return set(Queue.objects.filter(paused_at__isnull=False).values_list("name", flat=True))


def _from(rows: RunQuerySet, *, after: str | None, again: bool) -> Iterator[str]:
    """Yield each tenant once, in their order, those behind `after` first; itself last, or first of all `again`."""
    if after is None:
        yield from rows.each("tenant")
        return
    yield from rows.filter(**{"tenant__gte" if again else "tenant__gt": after}).each("tenant")
    for tenant in rows.filter(**{"tenant__lt" if again else "tenant__lte": after}).each("tenant"):
        yield tenant
        if tenant == after:
            return
