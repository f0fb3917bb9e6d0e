"""Prometheus hears what language models took, by model and purpose."""

from __future__ import annotations

from decimal import Decimal

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ingestion.models import LLMCall
from jobs import metrics

pytestmark = [pytest.mark.django_db, pytest.mark.req("SK-12", "SW-4"), pytest.mark.usefixtures("broker")]


def test_calls_tokens_and_cost_are_added_up_by_model_and_purpose() -> None:
    for tokens_in, outcome in ((100, "ok"), (50, "ok"), (7, "error")):
        told = {"tokens_in": tokens_in, "tokens_out": 10, "cost": Decimal("0.25"), "outcome": outcome}
        LLMCall.objects.create(model="openai:small", purpose="classify_mail", **told)
    LLMCall.objects.create(model="rules", purpose="classify_mail", outcome="ok")
    samples = {
        (sample.name, frozenset(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(metrics.exposition().decode())
        for sample in family.samples
        if sample.name.startswith("daybook_llm")
    }
    small = {"openai:small", "classify_mail"}
    assert samples["daybook_llm_calls_total", frozenset(small | {"ok"})] == 2
    assert samples["daybook_llm_calls_total", frozenset(small | {"error"})] == 1
    assert samples["daybook_llm_tokens_total", frozenset(small | {"in"})] == 157
    assert samples["daybook_llm_tokens_total", frozenset(small | {"out"})] == 30
    assert samples["daybook_llm_cost_total", frozenset(small)] == 0.75
    assert samples["daybook_llm_tokens_total", frozenset({"rules", "classify_mail", "in"})] == 0
