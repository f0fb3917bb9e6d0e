"""Which queues wait for the dispatcher, and which tenants' turn it is: by index seeks, however long the backlog."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from jobs.models import Queue, Run
from jobs.models.run import RunQuerySet
from jobs.states import State

_last: dict[str, str] = {}


def waiting_queues() -> Iterator[str]:
    """Yield the queues that aren't paused and hold unpublished runs, whether due or not."""
    rows = (
        Run.objects.filter(state=State.QUEUED, published_at=None, is_packed=False)
        .order_by("queue")
        .values_list("queue", flat=True)
    )
    paused = set(Queue.objects.filter(paused_at__isnull=False).values_list("name", flat=True))
    queue = rows.first()
    while queue is not None:
        if queue not in paused:
            yield queue
        queue = rows.filter(queue__gt=queue).first()


def waiting_packs(now: datetime) -> Iterator[tuple[str, str]]:
    """Yield (queue, job) of every job whose packed runs are due in a queue that isn't paused."""
    rows = Run.objects.filter(state=State.QUEUED, is_packed=True).order_by("queue", "job").values_list("queue", "job")
    paused = set(Queue.objects.filter(paused_at__isnull=False).values_list("name", flat=True))
    found = rows.first()
    while found is not None:
        queue, job = found
        if queue not in paused and rows.filter(queue=queue, job=job, run_at__lte=now).exists():
            yield queue, job
        found = rows.filter(queue=queue, job__gt=job).first() or rows.filter(queue__gt=queue).first()


def next_tenants(queue: str, rows: RunQuerySet, *, places: int) -> dict[str, int]:
    """Return how many of the rows each tenant may start now: by turns, going on after the tenant who was last."""
    tenants: list[str] = []
    for tenant in _from(rows, after=_last.get(queue)):
        if tenant in tenants or len(tenants) == places:
            break
        tenants.append(tenant)
    if tenants:
        _last[queue] = tenants[-1]
    return dict.fromkeys(tenants, places // max(1, len(tenants)))


def _from(rows: RunQuerySet, *, after: str | None) -> Iterator[str]:
    """Yield tenants in their order, round and round."""
    names = rows.order_by("tenant").values_list("tenant", flat=True)
    while True:
        tenant = names.first() if after is None else names.filter(tenant__gt=after).first()
        if tenant is None and after is None:
            return
        if tenant is not None:
            yield tenant
        after = tenant
