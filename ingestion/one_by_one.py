"""Asks a model about many things, one by one: a failure costs its item, a spent budget only its user."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db.models import Model, QuerySet

from ingestion.conf import conf
from ingestion.llm.errors import BudgetSpentError
from jobs.context import active_run

FAILURES_IN_A_ROW = 5
M = TypeVar("M", bound=Model)

log = structlog.get_logger(__name__)


def in_batches(rows: QuerySet[M], *, limit: int | None) -> Iterator[M]:
    """Yield at most `limit` rows by key; within a run, a further attempt goes on behind the last one."""
    batch = conf().ai_processing_batch_size
    run = active_run()
    return islice(run.iterate(rows, batch=batch) if run else _by_key(rows, batch=batch), limit)


def ask_about_each(
    items: Iterable[M], *, ask: Callable[[M], str], owner_of: Callable[[M], int], outcomes: Iterable[str] = ()
) -> dict[str, int]:
    """Call `ask`, which names what came of it, for each item and return how often what came.

    An item that fails is left for the next run and counted as failed; after five failures in a row the error is
    raised, since then it is the model that fails. Users whose budget is spent are passed over, as over_budget.
    """
    counts = {**dict.fromkeys(outcomes, 0), "failed": 0}
    spent: set[int] = set()
    in_a_row = 0
    for item in items:
        owner_id = owner_of(item)
        with structlog.contextvars.bound_contextvars(user_id=owner_id):
            outcome, error = ("over_budget", None) if owner_id in spent else _outcome(item, ask)
        counts[outcome] = counts.get(outcome, 0) + 1
        if outcome == "over_budget":
            spent.add(owner_id)
        in_a_row = in_a_row + 1 if error else 0
        if error and in_a_row == FAILURES_IN_A_ROW:
            raise error
        if run := active_run():
            run.progress(sum(counts.values()), note=f"{counts['failed']} failed" if counts["failed"] else "")
    return counts


def _outcome(item: M, ask: Callable[[M], str]) -> tuple[str, Exception | None]:
    try:
        return ask(item), None
    except SoftTimeLimitExceeded:
        raise
    except BudgetSpentError as error:
        log.info("budget spent", error=str(error))
        return "over_budget", None
    except Exception as error:
        log.warning("model failed", item=f"{type(item).__name__} {item.pk}", error=f"{type(error).__name__}: {error}")
        return "failed", error


def _by_key(rows: QuerySet[M], *, batch: int) -> Iterator[M]:
    last = 0
    while page := list(rows.filter(pk__gt=last).order_by("pk")[:batch]):
        yield from page
        last = page[-1].pk
