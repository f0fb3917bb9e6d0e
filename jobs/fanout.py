"""Ends a run that spawned children once all of them have: its result joined by their counts, sums and errors."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from celery import current_app
from django.db.models import Count, Exists, OuterRef
from django_celery_results.models import TaskResult
from kombu.utils import json as kombu_json

from jobs import ledger
from jobs.backend import LedgerBackend
from jobs.ledger import Fence
from jobs.models import Run
from jobs.models.run import WaitsFor
from jobs.states import UNFINISHED, State

BATCH = 100
ERRORS_KEPT = 20


def end_parents(*, now: datetime) -> int:
    """Finish every parent whose children have all ended; a cancelled one cancels its children. Returns how many."""
    waiting = Run.objects.running().filter(waits_for=WaitsFor.CHILDREN)
    _cancel_children(waiting.filter(cancel_requested_at__isnull=False), now)
    open_children = Run.objects.filter(parent=OuterRef("pk"), state__in=UNFINISHED)
    ready = list(waiting.exclude(Exists(open_children))[:BATCH])
    for parent in ready:
        _end(parent, now)
    return len(ready)


def joined(result: Any, children: dict[str, Any]) -> dict[str, Any]:
    """Return the parent's result with the children's under "children"; one that is no dict stands under "result"."""
    own = result if isinstance(result, dict) else {} if result is None else {"result": result}
    return {**own, "children": children}


def summary(parent_id: UUID) -> dict[str, Any]:
    """Return {"total", "states": {state: n}, "sums": {key: number}, "errors": [{"run", "error"}]} over its children.

    "sums" adds up every number in the children's dict results, key by key, reading one result at a time.
    """
    children = Run.objects.filter(parent_id=parent_id)
    states = dict(children.values_list("state").annotate(Count("pk")))
    failed = children.filter(state=State.FAILED).order_by("id").values_list("pk", "error_kind", "error_message")
    return {
        "total": sum(states.values()),
        "states": states,
        "sums": _sums(parent_id),
        "errors": [{"run": str(pk), "error": f"{kind}: {text}"[:500]} for pk, kind, text in failed[:ERRORS_KEPT]],
    }


def _sums(parent_id: UUID) -> dict[str, float]:
    sums: Counter[str] = Counter()
    ids = Run.objects.filter(parent_id=parent_id, state=State.SUCCESS).values_list("pk", flat=True)
    chunk: list[str] = []
    for pk in [*ids.iterator(chunk_size=1000), None]:
        if pk is not None:
            chunk.append(str(pk))
        if chunk and (pk is None or len(chunk) == BATCH):
            for text in TaskResult.objects.filter(task_id__in=chunk).values_list("result", flat=True):
                sums.update(_numbers(kombu_json.loads(text or "null")))
            chunk = []
    return dict(sums)


def _numbers(result: Any) -> dict[str, float]:
    if not isinstance(result, dict):
        return {}
    return {key: value for key, value in result.items() if isinstance(value, int | float) and value is not True}


def _end(parent: Run, now: datetime) -> None:
    children = summary(parent.pk)
    if parent.cancel_requested_at is not None:
        ledger.stop(Fence(parent.pk, token=parent.token), now=now, reason="cancelled while its children ran")
        return
    own = (parent.checkpoint or {}).get("result")
    cast("LedgerBackend", current_app.backend).settle_parent(parent, joined(own, children))


def _cancel_children(parents: Any, now: datetime) -> None:
    for parent in parents:
        ledger.cancel_waiting(now=now, reason="its parent was cancelled", parent_id=parent.pk)
        for child in Run.objects.running().filter(parent=parent):
            ledger.request_cancel(child.pk, now=now)
