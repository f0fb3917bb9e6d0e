"""fact_decay on a real database: one statement gives what the formula says, for every fact, again and again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User

from ingestion.decay import relevance_after
from ingestion.models import Fact
from ingestion.tasks import fact_decay
from jobs.testing import result_of, run_job

pytestmark = [pytest.mark.django_db, pytest.mark.req("SW-19")]
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CASES = [(0.0, 0.5), (0.25, 0.9), (30.0, 0.1), (30.0, 0.9), (400.0, 1.0), (-5.0, 0.7)]


@pytest.fixture
def facts() -> list[Fact]:
    owner = User.objects.create_user("anna")
    return [
        Fact.objects.create(
            owner=owner, text=f"{at}", importance=importance, observed_at=NOW - timedelta(days=days), digest=f"{at}"
        )
        for at, (days, importance) in enumerate(CASES)
    ]


def test_the_database_computes_what_the_formula_says(facts: list[Fact]) -> None:
    for _ in range(2):
        with time_machine.travel(NOW, tick=False):
            run = run_job(fact_decay)
        assert result_of(run) == {"facts": len(CASES)}
        kept = list(Fact.objects.order_by("pk").values_list("relevance", flat=True))
        assert kept == pytest.approx([relevance_after(days, importance=value) for days, value in CASES], rel=1e-6)
    assert set(Fact.objects.values_list("decayed_at", flat=True)) == {NOW}


def test_without_facts_there_is_nothing_to_do() -> None:
    assert result_of(run_job(fact_decay)) == {"facts": 0}
