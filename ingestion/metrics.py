"""What language models took, for Prometheus: calls, tokens and cost by model and purpose, from the calls' own rows."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Sum
from prometheus_client.core import CounterMetricFamily, Metric

from ingestion.models import LLMCall


def llm_metrics() -> Iterator[Metric]:
    """Yield the counters; they fall when calls are deleted, which Prometheus takes for a restart."""
    calls = CounterMetricFamily("daybook_llm_calls", "Calls, by outcome.", labels=["model", "purpose", "outcome"])
    tokens = CounterMetricFamily("daybook_llm_tokens", "Tokens in and out.", labels=["model", "purpose", "direction"])
    cost = CounterMetricFamily("daybook_llm_cost", "Cost, in the price list's currency.", labels=["model", "purpose"])
    spent: dict[tuple[str, str], list[float]] = {}
    rows = LLMCall.objects.order_by().values_list("model", "purpose", "outcome")
    for model, purpose, outcome, count, *sums in rows.annotate(
        Count("pk"), Sum("tokens_in"), Sum("tokens_out"), Sum("cost")
    ):
        calls.add_metric([model, purpose, outcome], count)
        before = spent.get((model, purpose), [0.0, 0.0, 0.0])
        spent[model, purpose] = [a + float(b or 0) for a, b in zip(before, sums, strict=True)]
    for (model, purpose), (tokens_in, tokens_out, paid) in spent.items():
        tokens.add_metric([model, purpose, "in"], tokens_in)
        tokens.add_metric([model, purpose, "out"], tokens_out)
        cost.add_metric([model, purpose], paid)
    yield from (calls, tokens, cost)
