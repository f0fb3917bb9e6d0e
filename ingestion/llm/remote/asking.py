"""Asks a remote model one question with one typed answer; its errors are ours, and nothing is tried twice here."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NoReturn, TypeVar

from ingestion.llm.errors import ModelRefusedError, ModelUnavailableError, NonsenseError
from ingestion.llm.protocol import Answer
from ingestion.llm.remote.endpoint import Endpoint, model_of
from ingestion.llm.usage import priced
from ingestion.providers.http import retry_after

T = TypeVar("T")
_WORTH_ANOTHER_TRY = {408, 409, 425, 429}


@dataclass(frozen=True, kw_only=True)
class Question:
    """A rendered prompt, and what ties the request to its run."""

    prompt: str
    correlation_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Prices:
    """Per million tokens."""

    tokens_in: Decimal
    tokens_out: Decimal


def ask(endpoint: Endpoint, question: Question, answer_type: type[T], *, prices: Prices) -> Answer[T]:
    """Return the model's answer; the model has no tools.

    Raises:
        ModelRefusedError, ModelUnavailableError: by the server's status; Retry-After is kept.
        NonsenseError: the answer doesn't fit the type; what it took is in it.
    """
    from pydantic_ai.exceptions import ModelAPIError, UnexpectedModelBehavior
    from pydantic_ai.usage import RunUsage

    usage = RunUsage()
    try:
        value = asyncio.run(_ask(endpoint, question, answer_type, usage))
    except ModelAPIError as error:
        _raise_as_ours(error)
    except UnexpectedModelBehavior as error:
        raise NonsenseError(f"{_with_cause(error)}"[:300], usage=_priced(usage, prices)) from None
    except (OSError, TimeoutError) as error:
        raise ModelUnavailableError(f"{endpoint!r}: {type(error).__name__}: {error}") from error
    return Answer(value, _priced(usage, prices))


async def _ask(endpoint: Endpoint, question: Question, answer_type: type[T], usage: Any) -> T:
    import httpx2
    from pydantic_ai import Agent, NativeOutput

    # A client per call: connections must not outlive the event loop they were opened in.
    timeout = httpx2.Timeout(endpoint.timeout_seconds, connect=10)
    headers = {"X-Correlation-ID": question.correlation_id} if question.correlation_id else {}
    async with httpx2.AsyncClient(timeout=timeout, headers=headers) as http:
        agent: Any = Agent(model_of(endpoint, http), output_type=NativeOutput(answer_type), retries=0)
        settings = {"temperature": 0.0, "timeout": endpoint.timeout_seconds}
        # The client's own limits are per read: an answer that drips would never end.
        async with asyncio.timeout(endpoint.timeout_seconds):
            result = await agent.run(question.prompt, usage=usage, model_settings=settings)
    value: T = result.output
    return value


def _priced(usage: Any, prices: Prices) -> Any:
    return priced(
        usage.input_tokens or 0, usage.output_tokens or 0, price_in=prices.tokens_in, price_out=prices.tokens_out
    )


def _raise_as_ours(error: Any) -> NoReturn:
    status = getattr(error, "status_code", None)
    if status is None or status >= 500 or status in _WORTH_ANOTHER_TRY:
        headers = getattr(error, "headers", None) or {}
        wait = retry_after(headers.get("retry-after"), datetime.now(UTC))
        raise ModelUnavailableError(_told(error, status), retry_after=wait) from None
    # `from None`: the cause holds the request with its key.
    raise ModelRefusedError(_told(error, status)) from None


def _told(error: Any, status: int | None) -> str:
    return f"HTTP {status}: {str(error)[:300]}" if status else _with_cause(error)[:300]


def _with_cause(error: BaseException) -> str:
    return f"{error} ({error.__cause__})" if error.__cause__ else str(error)
