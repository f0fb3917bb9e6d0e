"""Which queues wait for the dispatcher, and which tenants' turn it is: by index seeks, however long the backlog."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from jobs.conf import conf
from jobs.models import Queue, Run
from jobs.models.run import BY_TENANT, RunQuerySet
from jobs.states import State

_last: dict[str, tuple[str, int]] = {}


def waiting_queues() -> Iterator[str]:
    """Yield the queues that aren't paused and hold unpublished runs, whether due or not."""
    yield from _open_queues(Run.objects.filter(state=State.QUEUED, published_at=None, is_packed=False))


def waiting_packs(now: datetime) -> Iterator[tuple[str, str]]:
    """Yield (queue, job) of every job whose packed runs are due in a queue that isn't paused."""
    packed = Run.objects.filter(state=State.QUEUED, is_packed=True)
    for queue in _open_queues(packed):
        for job in packed.filter(queue=queue).each("job"):
            if packed.filter(queue=queue, job=job, run_at__lte=now).any_in_order(*BY_TENANT):
                yield queue, job


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


def _open_queues(rows: RunQuerySet) -> Iterator[str]:
    """Yield the queues of the rows but for the paused ones, which are asked for only where there are rows."""
    paused: set[str] | None = None
    for queue in rows.each("queue"):
        if paused is None:
            paused = set(Queue.objects.filter(paused_at__isnull=False).values_list("name", flat=True))
        if queue not in paused:
            yield queue


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
