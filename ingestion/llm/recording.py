"""Makes a call of a model and records it: for whom, by which run, what it took and how it ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypeVar

from django.db.models import Sum
from django.utils import timezone

from ingestion.conf import conf
from ingestion.llm.budget import Budget, day_start, seconds_to_next_day
from ingestion.llm.errors import BudgetSpentError, NonsenseError
from ingestion.llm.protocol import Answer
from ingestion.llm.usage import Usage
from ingestion.models import LLMCall
from jobs.context import active_run

T = TypeVar("T")
LONGEST_ERROR = 500


@dataclass(frozen=True, kw_only=True)
class Recorded(Generic[T]):
    """A checked answer and the row of its call."""

    value: T
    call: LLMCall


def recorded(
    call: Callable[[], Answer[T]], *, check: Callable[[T], T], model: str, purpose: str, owner_id: int | None
) -> Recorded[T]:
    """Return the checked answer of `call`, after an LLMCall row of it is written; an error is recorded and raised.

    Raises: BudgetSpentError before anything is asked. Calls under way at the same moment may pass the budget together.
    """
    _refuse_beyond_budget(owner_id)
    started = time.monotonic()
    run = active_run()
    row = LLMCall(
        run_id=run.id if run else None,
        correlation_id=run.correlation_id if run else "",
        owner_id=owner_id,
        model=model,
        purpose=purpose,
        outcome=LLMCall.Outcome.ERROR,
    )
    try:
        answer = call()
        _note_usage(row, answer.usage)
        value = check(answer.value)
        row.outcome = LLMCall.Outcome.OK
    except Exception as raised:
        row.error = f"{type(raised).__name__}: {raised}"[:LONGEST_ERROR]
        if isinstance(raised, NonsenseError):
            row.outcome = LLMCall.Outcome.NONSENSE
            if raised.usage != Usage():
                _note_usage(row, raised.usage)
        raise
    finally:
        row.latency_ms = round((time.monotonic() - started) * 1000)
        row.save()
    return Recorded(value=value, call=row)


def budget_in_force() -> Budget:
    """Return a user's share of the model per day."""
    current = conf()
    return Budget(tokens=current.llm_daily_tokens, cost=Decimal(current.llm_daily_cost))


def _note_usage(row: LLMCall, usage: Usage) -> None:
    row.tokens_in, row.tokens_out, row.cost = usage.tokens_in, usage.tokens_out, usage.cost


def _refuse_beyond_budget(owner_id: int | None) -> None:
    budget = budget_in_force()
    if owner_id is None or not budget.is_bounded():
        return
    now = timezone.now()
    today = LLMCall.objects.filter(owner_id=owner_id, created_at__gte=day_start(now))
    taken = today.aggregate(tokens_in=Sum("tokens_in"), tokens_out=Sum("tokens_out"), cost=Sum("cost"))
    tokens = (taken["tokens_in"] or 0) + (taken["tokens_out"] or 0)
    if spent := budget.spent_by(tokens=tokens, cost=taken["cost"] or Decimal(0)):
        message = f"today's budget of user {owner_id} is spent: {spent}"
        raise BudgetSpentError(message, retry_after=seconds_to_next_day(now))
