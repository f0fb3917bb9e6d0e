"""Makes a call of a model and records it: for whom, by which run, what it took and how it ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from ingestion.llm.errors import NonsenseError
from ingestion.llm.protocol import Answer, Usage
from ingestion.models import LLMCall
from jobs.context import active_run

T = TypeVar("T")
LONGEST_ERROR = 500


def recorded(
    call: Callable[[], Answer[T]], *, check: Callable[[T], T], model: str, purpose: str, owner_id: int | None
) -> T:
    """Return the checked answer of `call`, after an LLMCall row of it is written; an error is recorded and raised."""
    started = time.monotonic()
    usage, outcome, error = Usage(), LLMCall.Outcome.ERROR, ""
    try:
        answer = call()
        usage = answer.usage
        value = check(answer.value)
    except Exception as raised:
        error = f"{type(raised).__name__}: {raised}"[:LONGEST_ERROR]
        outcome = LLMCall.Outcome.NONSENSE if isinstance(raised, NonsenseError) else LLMCall.Outcome.ERROR
        raise
    else:
        outcome = LLMCall.Outcome.OK
        return value
    finally:
        run = active_run()
        LLMCall.objects.create(
            run_id=run.id if run else None,
            correlation_id=run.correlation_id if run else "",
            owner_id=owner_id,
            model=model,
            purpose=purpose,
            tokens_in=usage.tokens_in,
            tokens_out=usage.tokens_out,
            cost=usage.cost,
            latency_ms=round((time.monotonic() - started) * 1000),
            outcome=outcome,
            error=error,
        )
